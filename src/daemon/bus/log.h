/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd's log: sends messages to journald without ever blocking, or to stderr. */
#pragma once

#include <glib.h>

/* Sends everything that GLib logs, including events, to the journal if stderr is connected to it,
 * else to stderr. Drops messages whose syslog(3) priority is above *max_priority, which is read
 * each time and must live as long as the process. Call it once, before anything is logged. While
 * journald is slow or away, a limited number of messages is kept; the rest is counted, and the
 * count is logged. */
void quilt_daemon_log_init (const int *max_priority);
