/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages to the service manager; sd_notify(3). They do nothing without one. */
#pragma once

#include <glib.h>

/* STATUS=, in `systemctl status quiltd`. */
void quilt_notify_status (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* READY=1: sent after the start, when we own the bus name, and after each reload. */
void quilt_notify_ready (void);
/* RELOADING=1. */
void quilt_notify_reloading (void);
/* STOPPING=1. */
void quilt_notify_stopping (void);

/* Sends WATCHDOG=1 twice per WatchdogSec= from the default main context, as long as that runs.
 * Returns the source's ID, or 0 without a watchdog. */
guint quilt_notify_watchdog (void);
