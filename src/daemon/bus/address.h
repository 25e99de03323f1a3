/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name and the object paths of quiltd on the bus. */
#pragma once

#define QUILT_BUS_NAME "org.quilt"
#define QUILT_BUS_ROOT "/org/quilt"
