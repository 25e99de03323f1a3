/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How removed containers ended, for who asks a little late. */
#include "daemon/tombs.h"

typedef struct {
  char *id;
  char *reason;
  int exit_code;
} Tomb;

struct QuiltTombs {
  GQueue in_order;   /* of owned Tomb, oldest first */
  GHashTable *by_id; /* its id → Tomb */
  guint max;
};

static void
tomb_free (Tomb *tomb)
{
  g_free (tomb->id);
  g_free (tomb->reason);
  g_free (tomb);
}

QuiltTombs *
quilt_tombs_new (guint max)
{
  QuiltTombs *self = g_new0 (QuiltTombs, 1);

  g_queue_init (&self->in_order);
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  self->max = max;
  return self;
}

void
quilt_tombs_free (QuiltTombs *self)
{
  if (!self)
    return;
  g_hash_table_unref (self->by_id);
  g_queue_clear_full (&self->in_order, (GDestroyNotify)tomb_free);
  g_free (self);
}

void
quilt_tombs_add (QuiltTombs *self, const char *id, int exit_code, const char *reason)
{
  Tomb *tomb = g_new0 (Tomb, 1);

  if (g_queue_get_length (&self->in_order) >= self->max) {
    Tomb *oldest = g_queue_pop_head (&self->in_order);

    g_hash_table_remove (self->by_id, oldest->id);
    tomb_free (oldest);
  }
  tomb->id = g_strdup (id);
  tomb->reason = g_strdup (reason);
  tomb->exit_code = exit_code;
  g_queue_push_tail (&self->in_order, tomb);
  g_hash_table_insert (self->by_id, tomb->id, tomb);
}

gboolean
quilt_tombs_find (const QuiltTombs *self,
                  const char *id,
                  int *ret_exit_code,
                  const char **ret_reason)
{
  const Tomb *tomb = g_hash_table_lookup (self->by_id, id);

  if (!tomb)
    return FALSE;
  *ret_exit_code = tomb->exit_code;
  *ret_reason = tomb->reason;
  return TRUE;
}
