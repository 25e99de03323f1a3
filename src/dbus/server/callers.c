/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells when a caller has left the bus. */
#include "dbus/server/callers.h"

struct QuiltCallers {
  GHashTable *watches; /* caller → GQueue of Watch */
};

typedef struct {
  void (*func) (gpointer data);
  gpointer data;
} Watch;

static void
watches_free (gpointer data)
{
  g_queue_free_full (data, g_free);
}

QuiltCallers *
quilt_callers_new (void)
{
  QuiltCallers *self = g_rc_box_new0 (QuiltCallers);

  self->watches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, watches_free);
  return self;
}

QuiltCallers *
quilt_callers_ref (QuiltCallers *self)
{
  return g_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  QuiltCallers *self = data;

  g_hash_table_unref (self->watches);
}

void
quilt_callers_unref (QuiltCallers *self)
{
  g_rc_box_release_full (self, clear);
}

void
quilt_callers_watch (QuiltCallers *self,
                     const char *caller,
                     void (*func) (gpointer data),
                     gpointer data)
{
  GQueue *watches = g_hash_table_lookup (self->watches, caller);
  Watch *watch = g_new (Watch, 1);

  *watch = (Watch){func, data};
  if (!watches) {
    watches = g_queue_new ();
    g_hash_table_insert (self->watches, g_strdup (caller), watches);
  }
  g_queue_push_tail (watches, watch);
}

void
quilt_callers_unwatch (QuiltCallers *self, const char *caller, gpointer data)
{
  GQueue *watches = g_hash_table_lookup (self->watches, caller);

  for (GList *link = watches ? watches->head : NULL; link; link = link->next)
    if (((Watch *)link->data)->data == data) {
      g_free (link->data);
      g_queue_delete_link (watches, link);
      break;
    }
  if (watches && watches->length == 0)
    g_hash_table_remove (self->watches, caller);
}

/* A callback may end other watches. */
void
quilt_callers_tell (QuiltCallers *self, const char *caller)
{
  GQueue *watches;

  while ((watches = g_hash_table_lookup (self->watches, caller))) {
    g_autofree Watch *watch = g_queue_pop_head (watches);

    if (watches->length == 0)
      g_hash_table_remove (self->watches, caller);
    watch->func (watch->data);
  }
}
