/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The setup steps that run and that other containers have too, which wait for their end. */
#include "daemon/containers/setups.h"

struct QuiltSetups {
  GHashTable *builds; /* key → Build */
};

typedef struct {
  gconstpointer builder; /* the container that runs the steps */
  GPtrArray *waiting;    /* the containers that wait for it, owned */
} Build;

static void
build_free (gpointer data)
{
  Build *build = data;

  g_ptr_array_unref (build->waiting);
  g_free (build);
}

QuiltSetups *
quilt_setups_new (void)
{
  QuiltSetups *self = g_new0 (QuiltSetups, 1);

  self->builds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, build_free);
  return self;
}

void
quilt_setups_free (QuiltSetups *self)
{
  g_hash_table_unref (self->builds);
  g_free (self);
}

void
quilt_setups_begin (QuiltSetups *self, const char *key, gconstpointer container)
{
  Build *build;

  if (g_hash_table_contains (self->builds, key))
    return;
  build = g_new0 (Build, 1);
  build->builder = container;
  build->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  g_hash_table_insert (self->builds, g_strdup (key), build);
}

gboolean
quilt_setups_wait (QuiltSetups *self, const char *key, GObject *container)
{
  Build *build = g_hash_table_lookup (self->builds, key);

  if (build)
    g_ptr_array_add (build->waiting, g_object_ref (container));
  return build != NULL;
}

GPtrArray *
quilt_setups_end (QuiltSetups *self, const char *key, gconstpointer container)
{
  const Build *build = g_hash_table_lookup (self->builds, key);
  GPtrArray *waiting;

  if (!build || build->builder != container)
    return NULL;
  waiting = g_ptr_array_ref (build->waiting);
  g_hash_table_remove (self->builds, key);
  return waiting;
}
