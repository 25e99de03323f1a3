/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of all images, by which other rooms look them up, and the state that images share. */
#include "daemon/images/images.h"

#include "daemon/images/images-private.h"
#include "store/digest.h"

#include <sys/statvfs.h>

struct QuiltImages {
  QuiltHub *hub;
  QuiltStore *store;
  const QuiltPrograms *programs;
  const QuiltMethodHandler *methods; /* of images */
  QuiltIndex *index;                 /* of QuiltImage */
  GHashTable *setups;                /* key of setup steps → QuiltImage in index */
  QuiltImportLimits limits;
  QuiltSetupLimits setup_limits;
  gboolean may_collect; /* see quilt_images_allow_collection() */
  guint64 making;       /* bytes of the results of setup steps that are being made */
  GQueue publications;  /* see publish.c */
  GThreadPool *in_turn; /* one thread, which makes changes of images one after the other */
  int uses;             /* number of uses held, of all images */
  int changes;          /* number of changes under way */
};

QuiltImages *
quilt_images_new (QuiltHub *hub,
                  QuiltStore *store,
                  const QuiltPrograms *programs,
                  const QuiltMethodHandler *methods)
{
  QuiltImages *self = g_new0 (QuiltImages, 1);

  self->hub = hub;
  self->store = quilt_store_ref (store);
  self->programs = programs;
  self->methods = methods;
  self->index = quilt_index_new (
      "image", "'quiltctl images' lists the images, 'quiltctl import ARCHIVE NAME' adds one",
      g_object_unref);
  self->setups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&self->publications);
  self->in_turn = quilt_work_pool_new ();
  return self;
}

void
quilt_images_free (QuiltImages *self)
{
  g_thread_pool_free (self->in_turn, FALSE, TRUE);
  if (quilt_hub_is_idle (self->hub) && (self->uses != 0 || self->changes != 0))
    g_critical ("%d uses and %d changes of images were not released", self->uses, self->changes);
  g_hash_table_unref (self->setups);
  quilt_index_free (self->index);
  quilt_store_unref (self->store);
  g_free (self);
}

/* A tenth of the store's file system. */
static guint64
get_share (const QuiltImages *self)
{
  struct statvfs st;

  if (fstatvfs (quilt_store_get_layers_fd (self->store), &st) < 0)
    return 0;
  return (guint64)st.f_blocks * st.f_frsize / 10;
}

void
quilt_images_set_limits (QuiltImages *self,
                         const QuiltImportLimits *limits,
                         const QuiltSetupLimits *setup_limits)
{
  self->limits = *limits;
  self->setup_limits = *setup_limits;
  if (!setup_limits->is_set)
    self->setup_limits.max_bytes = MIN (setup_limits->max_bytes, get_share (self));
}

const QuiltSetupLimits *
quilt_images_get_setup_limits (const QuiltImages *self)
{
  return &self->setup_limits;
}

void
quilt_images_allow_collection (QuiltImages *self)
{
  self->may_collect = TRUE;
}

gboolean
quilt_images_may_collect (const QuiltImages *self)
{
  return self->may_collect;
}

guint64
quilt_images_get_making (const QuiltImages *self)
{
  return self->making;
}

void
quilt_images_set_making (QuiltImages *self, guint64 bytes)
{
  self->making = bytes;
}

QuiltImage *
quilt_images_find (const QuiltImages *self, const char *text, GError **error)
{
  return quilt_index_find (self->index, text, error);
}

QuiltImage *
quilt_images_get (const QuiltImages *self, const char *digest)
{
  const char *hex = quilt_digest_hex (digest);

  return hex ? quilt_index_get (self->index, hex) : NULL;
}

guint
quilt_images_size (const QuiltImages *self)
{
  return quilt_index_size (self->index);
}

GHashTable *
quilt_images_get_setups (const QuiltImages *self)
{
  return self->setups;
}

QuiltHub *
quilt_images_get_hub (const QuiltImages *self)
{
  return self->hub;
}

QuiltAuthority *
quilt_images_get_authority (const QuiltImages *self)
{
  return quilt_hub_get_authority (self->hub);
}

QuiltStore *
quilt_images_get_store (const QuiltImages *self)
{
  return self->store;
}

QuiltIndex *
quilt_images_get_index (const QuiltImages *self)
{
  return self->index;
}

const QuiltPrograms *
quilt_images_get_programs (const QuiltImages *self)
{
  return self->programs;
}

const QuiltMethodHandler *
quilt_images_get_methods (const QuiltImages *self)
{
  return self->methods;
}

const QuiltImportLimits *
quilt_images_get_limits (const QuiltImages *self)
{
  return &self->limits;
}

GQueue *
quilt_images_get_publications (QuiltImages *self)
{
  return &self->publications;
}

void
quilt_images_count (QuiltImages *self, int uses, int changes)
{
  self->uses += uses;
  self->changes += changes;
}

void
quilt_images_work (QuiltImages *self,
                   QuiltWorkFunc func,
                   gpointer data,
                   GDestroyNotify free_data,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  quilt_work_run_in_turn (self->in_turn, self->store, func, data, free_data, callback, user_data);
}
