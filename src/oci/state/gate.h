/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gate of a created container: the socket "gate" in its directory, at which its init waits to
 * be started. Who connects gets the channel of core/program/report.h. */
#pragma once

#include <glib.h>

/* dir_fd is the container's directory, id is for messages. */

/* Makes it, for the init to inherit; close-on-exec. -1 on error. */
int quilt_oci_gate_listen (int dir_fd, const char *id, GError **error);

/* Connects, gives the word to start, and removes it: there is one start. INVALID_STATE if nobody
 * waits there any more. -1 on error. */
int quilt_oci_gate_connect (int dir_fd, const char *id, GError **error);

/* Whether the init waits there. A start that was killed may have left the socket of one that has
 * been started. */
gboolean quilt_oci_gate_is_watched (int dir_fd);
