/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Detects that quiltd has been idle for a while. */
#include "daemon/bus/idle.h"

#include "spec/quantities.h"

struct QuiltIdle {
  QuiltActivity *watched[2]; /* calls and work */
  void (*callback) (gpointer data);
  gpointer data;
  guint64 usec;
  gint64 set_usec; /* when the time was set (monotonic) */
  guint timer;
};

/* Leaves ret_since_usec untouched if there is an activity. */
static gboolean
is_quiet (const QuiltIdle *self, gint64 *ret_since_usec)
{
  gint64 last = self->set_usec;

  for (guint i = 0; i < G_N_ELEMENTS (self->watched); i++) {
    gint64 since;

    if (!quilt_activity_is_none (self->watched[i], &since))
      return FALSE;
    last = MAX (last, since);
  }
  *ret_since_usec = last;
  return TRUE;
}

static gboolean on_due (gpointer data);

/* While there is an activity, its end calls this again. A call does not move a timer that is set:
 * the timer computes the remaining time. */
static void
look (gpointer data)
{
  QuiltIdle *self = data;
  gint64 since, left;

  if (self->usec == QUILT_INFINITY || self->timer || !is_quiet (self, &since))
    return;
  left = since + (gint64)self->usec - g_get_monotonic_time ();
  if (left > 0) /* before calls that arrive at the same time: quiltd takes its name back for them */
    self->timer = g_timeout_add_full (G_PRIORITY_HIGH, (guint)MIN (left / 1000 + 1, G_MAXINT),
                                      on_due, self, NULL);
  else
    self->callback (self->data);
}

static gboolean
on_due (gpointer data)
{
  QuiltIdle *self = data;

  self->timer = 0;
  look (self);
  return G_SOURCE_REMOVE;
}

QuiltIdle *
quilt_idle_new (QuiltActivity *calls,
                QuiltActivity *work,
                void (*callback) (gpointer data),
                gpointer data)
{
  QuiltIdle *self = g_new0 (QuiltIdle, 1);

  self->watched[0] = quilt_activity_ref (calls);
  self->watched[1] = quilt_activity_ref (work);
  self->callback = callback;
  self->data = data;
  self->usec = QUILT_INFINITY;
  return self;
}

void
quilt_idle_free (QuiltIdle *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  for (guint i = 0; i < G_N_ELEMENTS (self->watched); i++) {
    quilt_activity_on_none (self->watched[i], NULL, NULL);
    quilt_activity_unref (self->watched[i]);
  }
  g_free (self);
}

void
quilt_idle_set (QuiltIdle *self, guint64 usec)
{
  const gboolean never = usec == QUILT_INFINITY;

  g_clear_handle_id (&self->timer, g_source_remove);
  self->usec = never ? usec : MIN (usec, (guint64)G_MAXINT64 / 4);
  self->set_usec = g_get_monotonic_time ();
  for (guint i = 0; i < G_N_ELEMENTS (self->watched); i++)
    quilt_activity_on_none (self->watched[i], never ? NULL : look, self);
  look (self);
}

gboolean
quilt_idle_is_quiet (const QuiltIdle *self)
{
  gint64 since;

  return is_quiet (self, &since);
}
