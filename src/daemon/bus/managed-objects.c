/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GetManagedObjects returns all objects with all properties, which takes long. Other calls wait
 * meanwhile. */
#include "daemon/bus/managed-objects.h"

#include "base/error.h"
#include "daemon/bus/error.h"

/* After an answer, the next one waits this many times as long as the answer took. */
#define PAUSE 9

typedef struct {
  QuiltCall *call;
  guint32 uid;
} Waiting;

struct QuiltManagedObjects {
  QuiltObjects *objects;
  GQueue waiting; /* of Waiting */
  guint32 last_uid;
  gint64 next_usec; /* when the next answer may be made */
  guint timer;
};

static void
answer (QuiltManagedObjects *self, QuiltCall *call)
{
  quilt_call_return (call, g_variant_new ("(@a{oa{sa{sv}}})", quilt_objects_list (self->objects)));
}

/* The first waiting call of a user other than the last one; otherwise the first call. */
static Waiting *
take_next (QuiltManagedObjects *self)
{
  GList *link = self->waiting.head;
  Waiting *next;

  while (link && ((Waiting *)link->data)->uid == self->last_uid)
    link = link->next;
  link = link ? link : self->waiting.head;
  next = link->data;
  g_queue_delete_link (&self->waiting, link);
  return next;
}

static gboolean on_turn (gpointer data);

static void
schedule (QuiltManagedObjects *self)
{
  gint64 rest = MAX (self->next_usec - g_get_monotonic_time (), 0);

  if (!self->timer && self->waiting.length > 0)
    self->timer = g_timeout_add ((guint)((rest + 999) / 1000), on_turn, self);
}

static gboolean
on_turn (gpointer data)
{
  QuiltManagedObjects *self = data;
  g_autofree Waiting *next = take_next (self);
  gint64 began = g_get_monotonic_time (), now;

  self->timer = 0;
  self->last_uid = next->uid;
  answer (self, next->call);
  now = g_get_monotonic_time ();
  self->next_usec = now + PAUSE * (now - began);
  schedule (self);
  return G_SOURCE_REMOVE;
}

void
quilt_managed_objects_answer (QuiltManagedObjects *self, QuiltCall *call, guint32 uid)
{
  Waiting *waiting;

  if (uid == 0) {
    answer (self, call);
    return;
  }
  waiting = g_new (Waiting, 1);
  *waiting = (Waiting){call, uid};
  g_queue_push_tail (&self->waiting, waiting);
  schedule (self);
}

QuiltManagedObjects *
quilt_managed_objects_new (QuiltObjects *objects)
{
  QuiltManagedObjects *self = g_new0 (QuiltManagedObjects, 1);

  self->objects = objects;
  g_queue_init (&self->waiting);
  return self;
}

void
quilt_managed_objects_free (QuiltManagedObjects *self)
{
  g_autoptr (GError) error =
      g_error_new (QUILT_ERROR, QUILT_ERROR_CANCELLED, "quiltd is shutting down");
  Waiting *waiting;

  if (!self)
    return;
  if (self->timer)
    g_source_remove (self->timer);
  while ((waiting = g_queue_pop_head (&self->waiting))) {
    quilt_bus_error_return (waiting->call, error);
    g_free (waiting);
  }
  g_free (self);
}
