/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removes all results of setup steps that no container uses, on request. */
#include "daemon/images/prune.h"

#include "base/error.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/images/collect.h"
#include "daemon/images/image-private.h"
#include "daemon/images/images-private.h"

/* A call that waits for the authorization, and then for the removal. */
typedef struct {
  QuiltImages *images;
  gboolean dry_run;
  QuiltCall *call; /* borrowed */
  GVariant *rows;
} Prune;

static void
prune_free (gpointer data)
{
  Prune *self = data;

  g_clear_pointer (&self->rows, g_variant_unref);
  g_free (self);
}

static GPtrArray *
choose (QuiltImages *images)
{
  g_autoptr (GPtrArray) all = quilt_index_list (quilt_images_get_index (images));
  GPtrArray *chosen = g_ptr_array_new ();
  const char *user;

  for (guint i = 0; i < all->len; i++)
    if (quilt_image_get_record (all->pdata[i])->setup_key &&
        !quilt_image_is_changing (all->pdata[i]) &&
        quilt_image_count_uses (all->pdata[i], &user) == 0)
      g_ptr_array_add (chosen, all->pdata[i]);
  return chosen;
}

/* The digests of the layers that remain without the chosen images. Owned by the table. */
static GHashTable *
list_remaining (QuiltImages *images, GPtrArray *chosen)
{
  g_autoptr (GHashTable) without = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) records = NULL;
  GHashTable *layers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < chosen->len; i++)
    g_hash_table_add (without, chosen->pdata[i]);
  records = quilt_image_list_layers (images, without);
  for (guint i = 0; i < records->len; i++)
    for (char **layer = ((const QuiltImageRecord *)records->pdata[i])->layers; *layer; layer++)
      g_hash_table_add (layers, g_strdup (*layer));
  return layers;
}

/* A layer that another image has too frees nothing. The uppermost one is the result's own, unless
 * the steps have changed nothing. */
static GVariant *
make_rows (QuiltImages *images, GPtrArray *chosen)
{
  g_autoptr (GHashTable) layers = list_remaining (images, chosen);
  GVariantBuilder rows;

  g_variant_builder_init (&rows, G_VARIANT_TYPE ("a(st)"));
  for (guint i = 0; i < chosen->len; i++) {
    const QuiltImageRecord *record = quilt_image_get_record (chosen->pdata[i]);
    const char *own = record->layers[g_strv_length (record->layers) - 1];
    const gboolean frees = g_hash_table_add (layers, g_strdup (own));

    g_variant_builder_add (&rows, "(st)", record->digest, frees ? record->setup_bytes : 0);
  }
  return g_variant_ref_sink (g_variant_builder_end (&rows));
}

static void
on_pruned (const GError *error, gpointer data)
{
  Prune *self = data; /* freed with the call */

  if (error)
    quilt_bus_error_return (self->call, error);
  else
    quilt_call_return (self->call, g_variant_new ("(@a(st))", self->rows));
}

static void
authorized (QuiltCall *call, gpointer data)
{
  Prune *self = quilt_call_get_attached (call, "quilt-prune");
  g_autoptr (GPtrArray) chosen = choose (self->images);
  g_autoptr (GError) error = NULL;

  if (!quilt_images_may_collect (self->images)) {
    error = g_error_new_literal (QUILT_ERROR, QUILT_ERROR_BUSY,
                                 "Failed to read the records of all containers and images: one of "
                                 "them may use any result; see 'journalctl -u quiltd.service'");
    quilt_bus_error_return (call, error);
    return;
  }
  self->call = call;
  self->rows = make_rows (self->images, chosen);
  if (self->dry_run || chosen->len == 0)
    on_pruned (NULL, self);
  else
    quilt_image_remove_all (self->images, chosen, on_pruned, self);
}

void
quilt_prune_setups (QuiltImages *images, QuiltCall *call, GVariant *options)
{
  gboolean dry_run = FALSE;
  const QuiltDictKey keys[] = {{"dry-run", 'b', &dry_run, NULL}};
  g_autoptr (GPtrArray) details = NULL;
  g_autoptr (GError) error = NULL;
  Prune *self;

  if (!quilt_dict_read (options, keys, G_N_ELEMENTS (keys), &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  self = g_new0 (Prune, 1);
  self->images = images;
  self->dry_run = dry_run;
  quilt_call_attach (call, "quilt-prune", self, prune_free);
  details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  g_ptr_array_add (details, quilt_authority_details_new ("prune", NULL, G_MAXUINT32, NULL));
  quilt_authority_require (quilt_images_get_authority (images), call, QUILT_ACTION_MANAGE_IMAGES,
                           details, authorized, NULL);
}
