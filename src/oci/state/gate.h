/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gate of a created container: the socket "gate" in its directory, where its init waits to be
 * started. The connection becomes the channel of core/program/report.h. */
#pragma once

#include <glib.h>

/* dir_fd is the container's directory. id is for error messages. */

/* Makes the gate, which the init inherits; close-on-exec. Returns -1 on error. */
int quilt_oci_gate_listen (int dir_fd, const char *id, GError **error);

/* Connects, tells the init to start the command, and removes the gate, since there is only one
 * start. INVALID_STATE if no init waits there any more. Returns -1 on error. */
int quilt_oci_gate_connect (int dir_fd, const char *id, GError **error);

/* Whether the init waits there. A killed start may have left the gate of a container that runs. */
gboolean quilt_oci_gate_is_watched (int dir_fd);
