/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts activities; any thread may change the count. */
#include "dbus/server/activity.h"

struct QuiltActivity {
  GMutex lock; /* protects all members but the callback, which only the main thread uses */
  guint count;
  gint64 since_usec;
  gboolean watched;
  gboolean due; /* the callback is pending */
  void (*callback) (gpointer data);
  gpointer data;
};

static void
clear (gpointer data)
{
  QuiltActivity *self = data;

  g_mutex_clear (&self->lock);
}

QuiltActivity *
quilt_activity_new (void)
{
  QuiltActivity *self = g_atomic_rc_box_new0 (QuiltActivity);

  g_mutex_init (&self->lock);
  return self;
}

QuiltActivity *
quilt_activity_ref (QuiltActivity *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
quilt_activity_unref (QuiltActivity *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

void
quilt_activity_begin (QuiltActivity *self)
{
  quilt_activity_ref (self);
  g_mutex_lock (&self->lock);
  self->count++;
  self->since_usec = g_get_monotonic_time ();
  g_mutex_unlock (&self->lock);
}

static gboolean
on_none (gpointer data)
{
  QuiltActivity *self = data;

  g_mutex_lock (&self->lock);
  self->due = FALSE;
  g_mutex_unlock (&self->lock);
  if (self->callback)
    self->callback (self->data);
  return G_SOURCE_REMOVE;
}

void
quilt_activity_end (QuiltActivity *self)
{
  g_mutex_lock (&self->lock);
  self->count--;
  self->since_usec = g_get_monotonic_time ();
  if (self->count == 0 && self->watched && !self->due) {
    self->due = TRUE;
    g_idle_add_full (G_PRIORITY_DEFAULT, on_none, quilt_activity_ref (self),
                     (GDestroyNotify)quilt_activity_unref);
  }
  g_mutex_unlock (&self->lock);
  quilt_activity_unref (self);
}

gboolean
quilt_activity_is_none (QuiltActivity *self, gint64 *ret_since_usec)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  *ret_since_usec = self->since_usec;
  return self->count == 0;
}

void
quilt_activity_on_none (QuiltActivity *self, void (*callback) (gpointer data), gpointer data)
{
  self->callback = callback;
  self->data = data;
  g_mutex_lock (&self->lock);
  self->watched = callback != NULL;
  g_mutex_unlock (&self->lock);
}
