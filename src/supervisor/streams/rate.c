/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The optional rate limit of a container's log: a number of lines per interval. */
#include "supervisor/streams/rate.h"

static gboolean
is_over (const QuiltRate *rate, gint64 now_usec)
{
  return rate->window_usec > 0 && now_usec - rate->window_usec >= rate->interval_usec;
}

guint64
quilt_rate_get_room (QuiltRate *rate, gint64 now_usec)
{
  if (rate->burst == 0)
    return G_MAXUINT64;
  if (rate->window_usec == 0 || is_over (rate, now_usec)) {
    rate->window_usec = now_usec;
    rate->used = 0;
  }
  return rate->burst - rate->used;
}

void
quilt_rate_take (QuiltRate *rate, guint64 lines)
{
  if (rate->burst > 0)
    rate->used += lines;
}

void
quilt_rate_drop (QuiltRate *rate)
{
  rate->dropped++;
}

guint64
quilt_rate_get_due (QuiltRate *rate, gint64 now_usec)
{
  return is_over (rate, now_usec) ? rate->dropped : 0;
}

gint64
quilt_rate_get_deadline (const QuiltRate *rate)
{
  return rate->dropped > 0 ? rate->window_usec + rate->interval_usec : 0;
}
