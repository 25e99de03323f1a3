/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limit of a container's log, for those who ask for one: so many lines in each interval. */
#pragma once

#include <glib.h>

/* Counted in windows, as journald does, so that a flood gives one report for each window and not
 * one for every line that a refilled bucket lets through. Times are g_get_monotonic_time(). */
typedef struct {
  guint64 burst; /* 0: no limit */
  gint64 interval_usec;
  gint64 window_usec; /* when the window began; 0: none has */
  guint64 used;
  guint64 dropped; /* not reported yet */
} QuiltRate;

/* How many lines may pass now. */
guint64 quilt_rate_get_room (QuiltRate *rate, gint64 now_usec);
void quilt_rate_take (QuiltRate *rate, guint64 lines);
void quilt_rate_drop (QuiltRate *rate);
/* How many dropped lines are to be reported now, since their window is over. */
guint64 quilt_rate_get_due (QuiltRate *rate, gint64 now_usec);
/* When that will be the case; 0: never. */
gint64 quilt_rate_get_deadline (const QuiltRate *rate);
