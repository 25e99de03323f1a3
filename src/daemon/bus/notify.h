/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages to the service manager; sd_notify(3). Without a service manager they do nothing. */
#pragma once

#include <glib.h>

/* STATUS=, in `systemctl status quiltd`. */
void quilt_notify_status (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* READY=1: after the start when the bus name is ours, and after each reload. */
void quilt_notify_ready (void);
/* RELOADING=1. */
void quilt_notify_reloading (void);
/* STOPPING=1. */
void quilt_notify_stopping (void);

/* WATCHDOG=1 twice per WatchdogSec= from the default main context, as long as that is alive.
 * Returns the source's ID, 0 when no watchdog is set. */
guint quilt_notify_watchdog (void);
