/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process of a container as the caller's own foreground: signals go to it, a terminal is relayed,
 * its end is ours. */
#pragma once

#include "runtime/payload.h"

/* Called once it is clear that the process does not end in a moment. */
typedef void (*QuiltOciLasting) (gpointer data);

/* Waits for the end of payload, which is reaped then, and returns its exit code, 128 + n if signal
 * n ended it. console: a socket over which the master of its terminal comes, -1 if it has none. All
 * signals are blocked. notify_fd: see oci/launch/notify.h; -1: none. -1 on error: it may still run
 * then. lasting may be NULL. */
int quilt_oci_foreground (QuiltPayload *payload,
                          int console,
                          int notify_fd,
                          QuiltOciLasting lasting,
                          gpointer data,
                          GError **error);
