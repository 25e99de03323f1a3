/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals, deadlines and the end of a process, for the loops of a container's supervisor and of a
 * session's. */
#pragma once

#include "supervisor/streams/sources.h"

#include <signal.h>

/* The interval between attempts to reap a process that a tracer holds. */
#define QUILT_REAP_USEC (G_USEC_PER_SEC / 10)

/* Blocks all signals, and opens a signalfd for SIGTERM and also (0: nothing else). There are no
 * handlers, so a signal that is blocked and never read has no effect. That is intended for SIGHUP,
 * SIGINT and SIGPIPE. Returns -1 on error. */
int quilt_turns_take_signals (int also, GError **error);
/* Reads the signals that have arrived, and returns how many. */
guint quilt_turns_read_signals (int signal_fd);

/* The earlier of two times; 0: never. */
gint64 quilt_turns_earlier (gint64 a, gint64 b);
/* Waits for the first event, or until the time deadline of the monotonic clock (0: for ever). */
void quilt_turns_wait (QuiltSources *sources, gint64 deadline);

/* Reaps a child that has ended. Returns 1 and fills info. Returns 0 if a tracer still holds the
 * process; try again after QUILT_REAP_USEC. Returns -1 on error. */
int quilt_turns_reap (int pid_fd, siginfo_t *ret_info);
