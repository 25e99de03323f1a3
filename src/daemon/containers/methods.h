/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.quilt.Container: from methods to what they do. */
#pragma once

/* Gives all containers their handlers. Once, before the first container is on the bus: a container
 * itself does not know what callers can ask of it. */
void quilt_container_methods_install (void);
