/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Puts a new image, or a new name of an image, into the store, the table and the bus. */
#include "daemon/images/publish.h"

#include "base/error.h"
#include "daemon/images/image-private.h"
#include "daemon/images/images-private.h"
#include "store/digest.h"
#include "store/layers.h"

QuiltPublication *
quilt_publication_new (QuiltImages *images)
{
  QuiltPublication *self = g_new0 (QuiltPublication, 1);

  self->images = images;
  return self;
}

static void
publication_free (QuiltPublication *self)
{
  g_clear_pointer (&self->record, quilt_image_record_free);
  g_clear_pointer (&self->loser, quilt_image_record_free);
  quilt_layer_info_clear (&self->info);
  g_clear_error (&self->error);
  g_free (self->name);
  g_free (self->layer);
  g_free (self->temporary);
  g_free (self);
}

/* An image may have been removed since the layers of the new one were found. */
static gboolean
check_layers (QuiltStore *store, const QuiltPublication *self, GError **error)
{
  for (char **layer = self->record->layers; *layer; layer++)
    if (!quilt_layer_exists (store, *layer)) {
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                   "A layer of the image was removed meanwhile: try again");
      return FALSE;
    }
  return TRUE;
}

/* Reads the information about the layer that was made. */
static gboolean
read_info (QuiltStore *store, QuiltPublication *self, GError **error)
{
  if (!self->layer)
    return TRUE;
  if (!quilt_layer_info_read (quilt_store_get_layers_fd (store), quilt_digest_hex (self->layer),
                              &self->info, error))
    return FALSE;
  if (!self->existed)
    quilt_left_out_copy (&self->record->left_out, &self->info.left_out);
  return TRUE;
}

/* Runs in a thread. Removes the record again, and the layer if no other image can have it yet. */
static void
take_back (QuiltStore *store, const QuiltPublication *self)
{
  QuiltImageRecord others = {.layers = self->record->layers};
  g_autoptr (GPtrArray) remaining = g_ptr_array_new ();

  g_ptr_array_add (remaining, &others);
  quilt_image_remove (store, self->record, remaining, NULL);
  if (self->temporary)
    quilt_layer_remove (store, self->layer, NULL);
}

/* Write the image that gets the name first: after a crash in between, two images have it, but never
 * none. */
static gboolean
publish (QuiltStore *store, gpointer data, GError **error)
{
  QuiltPublication *self = data;
  const gboolean is_new = self->temporary && !quilt_layer_exists (store, self->layer);

  if (self->temporary && !quilt_layer_publish (store, self->temporary, self->layer, error)) {
    quilt_layer_discard (store, self->temporary, NULL);
    return FALSE;
  }
  if (!is_new) /* it is not ours to remove */
    g_clear_pointer (&self->temporary, g_free);
  if (check_layers (store, self, error) && read_info (store, self, error) &&
      quilt_image_save (store, self->record, error) &&
      (!self->loser || quilt_image_save (store, self->loser, error)))
    return TRUE;
  if (!self->existed)
    take_back (store, self);
  return FALSE;
}

static void begin_next (QuiltImages *images);

/* Ends the publication at the head of the queue, which is freed after this. */
static void
end (QuiltPublication *self, const QuiltImage *image, const GError *error)
{
  QuiltImages *images = self->images;

  self->ended (self, image, error);
  g_queue_pop_head (quilt_images_get_publications (images));
  begin_next (images);
  quilt_hub_release (quilt_images_get_hub (images));
}

static void
on_published (GObject *source, GAsyncResult *result, gpointer data)
{
  QuiltPublication *self = data; /* freed after this */
  QuiltImage *image = quilt_images_get (self->images, self->record->digest);
  QuiltImage *loser = NULL;
  g_autoptr (GError) error = NULL;

  if (image)
    quilt_image_end_change (image);
  if (self->loser)
    loser = quilt_images_get (self->images, self->loser->digest);
  if (loser)
    quilt_image_end_change (loser);
  if (!quilt_work_finish (result, &error)) {
    end (self, NULL, error);
    return;
  }
  if (loser)
    quilt_image_set_record (loser, g_steal_pointer (&self->loser));
  if (image)
    quilt_image_set_record (image, g_steal_pointer (&self->record));
  else
    image = quilt_image_add (self->images, g_steal_pointer (&self->record));
  end (self, image, NULL);
}

/* Plans the new records, based on the current images. */
static gboolean
plan (QuiltPublication *self, GError **error)
{
  const char *const names[] = {self->name, NULL};
  QuiltImage *image = quilt_images_get (self->images, self->record->digest);
  QuiltImage *owner =
      self->name ? quilt_index_get_named (quilt_images_get_index (self->images), self->name) : NULL;

  self->existed = image != NULL;
  if ((image && quilt_image_is_changing (image)) || (owner && quilt_image_is_changing (owner))) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "The image is being changed by another call: try again");
    return FALSE;
  }
  if (!self->check (self, image, error))
    return FALSE;
  if (image) {
    quilt_image_record_free (self->record);
    self->record = quilt_image_with_names (image, self->name, NULL);
    quilt_image_begin_change (image, FALSE);
  } else {
    g_strfreev (self->record->names);
    self->record->names = g_strdupv ((char **)names);
  }
  if (owner && owner != image) {
    self->loser = quilt_image_with_names (owner, NULL, self->name);
    quilt_image_begin_change (owner, FALSE);
  }
  return TRUE;
}

static void
begin_next (QuiltImages *images)
{
  QuiltPublication *self;

  while ((self = g_queue_peek_head (quilt_images_get_publications (images)))) {
    if (plan (self, &self->error)) {
      quilt_images_work (images, publish, self, (GDestroyNotify)publication_free, on_published,
                         self);
      return;
    }
    g_queue_pop_head (quilt_images_get_publications (images));
    self->ended (self, NULL, self->error);
    publication_free (self);
    quilt_hub_release (quilt_images_get_hub (images));
  }
}

void
quilt_publication_begin (QuiltPublication *self)
{
  QuiltImages *images = self->images;
  GQueue *queue = quilt_images_get_publications (images);

  quilt_hub_hold (quilt_images_get_hub (images));
  g_queue_push_tail (queue, self);
  if (g_queue_get_length (queue) == 1)
    begin_next (images);
}

GVariant *
quilt_publication_left_out (const QuiltPublication *self)
{
  const QuiltLeftOut *left_out = &self->info.left_out;
  GVariantBuilder counts;

  g_variant_builder_init (&counts, G_VARIANT_TYPE ("a{st}"));
  for (guint i = 0; i < QUILT_LEFT_OUT_KINDS; i++)
    if (left_out->counts[i] > 0)
      g_variant_builder_add (&counts, "{st}", quilt_left_out_name (i), left_out->counts[i]);
  return g_variant_builder_end (&counts);
}
