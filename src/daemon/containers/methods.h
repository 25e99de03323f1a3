/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.quilt.Container: the handlers of its methods. */
#pragma once

/* Installs the handlers for all containers. Called once, before the first container is on the bus.
 * So the object itself does not depend on its methods. */
void quilt_container_methods_install (void);
