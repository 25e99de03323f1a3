/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd on the bus: the names that dbus/org.quilt.xml gives it, for quiltd and its clients. */
#pragma once

#define QUILT_BUS_NAME "org.quilt"
#define QUILT_BUS_PATH "/org/quilt"

/* An option, type b, of calls that have a container's options. With it, quiltd's error of an option
 * names that option as data. */
#define QUILT_BUS_ERROR_DETAILS "error-details"
