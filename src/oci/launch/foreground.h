/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a container's process in the caller's foreground: forwards signals, relays its terminal, and
 * ends with it. */
#pragma once

#include "runtime/payload.h"

/* Called once the process has run for a moment. */
typedef void (*QuiltOciLasting) (gpointer data);

/* Waits for the end of payload, and reaps it. Returns its exit code, or 128 + n if signal n ended
 * it. console: a socket that receives the terminal's master, or -1. All signals must be blocked.
 * notify_fd: see oci/launch/notify.h; -1: none. lasting may be NULL. Returns -1 on error; the
 * process may still run then. */
int quilt_oci_foreground (QuiltPayload *payload,
                          int console,
                          int notify_fd,
                          QuiltOciLasting lasting,
                          gpointer data,
                          GError **error);
