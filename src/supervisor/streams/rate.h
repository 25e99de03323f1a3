/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The optional rate limit of a container's log: a number of lines per interval. */
#pragma once

#include <glib.h>

/* Counts in windows, as journald does. A flood then gives one report per window, instead of one for
 * every line that a token bucket lets through. Times are g_get_monotonic_time(). */
typedef struct {
  guint64 burst; /* 0: no limit */
  gint64 interval_usec;
  gint64 window_usec; /* when the window began; 0: no window yet */
  guint64 used;
  guint64 dropped; /* dropped lines that were not reported yet */
} QuiltRate;

/* The number of lines that may pass now. */
guint64 quilt_rate_get_room (QuiltRate *rate, gint64 now_usec);
void quilt_rate_take (QuiltRate *rate, guint64 lines);
void quilt_rate_drop (QuiltRate *rate);
/* The number of dropped lines to report now, since their window is over. */
guint64 quilt_rate_get_due (QuiltRate *rate, gint64 now_usec);
/* The time at which quilt_rate_get_due() has lines to report; 0: never. */
gint64 quilt_rate_get_deadline (const QuiltRate *rate);
