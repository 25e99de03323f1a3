/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where quiltd's log goes: to journald, for which nothing here ever waits, or to stderr. */
#pragma once

#include <glib.h>

/* Sends everything that GLib logs, events included, to the journal where stderr is the journal,
 * else to stderr, as far as its syslog(3) priority is at most *max_priority, which is read each
 * time and has to live as long as the process. Once, before anything is logged. While journald is
 * behind or away lines are kept, up to a number; beyond it they are counted, and the count is
 * logged. */
void quilt_daemon_log_init (const int *max_priority);
