/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image as an object of quiltd. */
#include "daemon/images/image.h"

#include "base/error.h"
#include "daemon/images/image-private.h"
#include "daemon/images/images-private.h"
#include "dbus/quilt-bus.h"
#include "store/digest.h"
#include "store/layers.h"

#include <string.h>

struct _QuiltImage {
  GObject parent_instance;
  QuiltExport *exported; /* on the bus */
  QuiltImages *images;
  QuiltImageRecord *record;
  char **layers;     /* paths of the layers' trees, lowest last, as overlayfs takes them */
  char *path;        /* on the bus */
  GQueue uses;       /* of QuiltImageUse */
  gboolean changing; /* its record is being written or removed */
  gboolean removing; /* its record is being removed: nothing can use the image any more */
};

struct QuiltImageUse {
  QuiltImage *image;
  const char *(*get_name) (gconstpointer user);
  gpointer user;
  GList link; /* of image->uses */
};

G_DEFINE_FINAL_TYPE (QuiltImage, quilt_image, G_TYPE_OBJECT)

static const QuiltExportClass export_class = {.interface = &quilt_bus_image};

static void
refresh (QuiltImage *self)
{
  quilt_export_set (self->exported, QUILT_BUS_IMAGE_NAMES,
                    g_variant_new_strv ((const char *const *)self->record->names, -1));
  quilt_export_flush (self->exported);
}

static char **
layer_paths (QuiltStore *store, char **digests)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();

  for (guint n = g_strv_length (digests); n > 0; n--) {
    char *path = quilt_layer_path (store, digests[n - 1]);

    if (path)
      g_ptr_array_add (paths, path);
  }
  g_ptr_array_add (paths, quilt_store_get_mount_points (store));
  g_ptr_array_add (paths, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&paths), FALSE);
}

static QuiltImage *
image_new (QuiltImages *images, QuiltImageRecord *record)
{
  QuiltImage *self = g_object_new (QUILT_TYPE_IMAGE, NULL);

  self->images = images;
  self->record = record;
  self->layers = layer_paths (quilt_images_get_store (images), record->layers);
  self->path = g_strconcat (QUILT_BUS_PATH "/image/", quilt_image_get_hex (self), NULL);
  self->exported = quilt_export_new (&export_class, quilt_images_get_methods (images), self);
  quilt_export_set_string (self->exported, QUILT_BUS_IMAGE_DIGEST, record->digest);
  quilt_export_set_uint64 (self->exported, QUILT_BUS_IMAGE_SIZE, record->size);
  quilt_export_set_uint64 (self->exported, QUILT_BUS_IMAGE_ENTRIES, record->entries);
  quilt_export_set_uint64 (self->exported, QUILT_BUS_IMAGE_CREATED, record->created_usec);
  refresh (self);
  return self;
}

const QuiltImageRecord *
quilt_image_get_record (const QuiltImage *self)
{
  return self->record;
}

const char *
quilt_image_get_digest (const QuiltImage *self)
{
  return self->record->digest;
}

const char *const *
quilt_image_get_layers (const QuiltImage *self)
{
  return (const char *const *)self->layers;
}

const char *
quilt_image_get_path (const QuiltImage *self)
{
  return self->path;
}

QuiltImages *
quilt_image_get_images (const QuiltImage *self)
{
  return self->images;
}

const char *
quilt_image_get_hex (const QuiltImage *self)
{
  return quilt_digest_hex (self->record->digest);
}

char **
quilt_image_get_rule_names (const QuiltImage *self, const char *asked)
{
  char *const one[] = {(char *)asked, NULL}, *const digest[] = {self->record->digest, NULL};

  if (g_strv_contains ((const char *const *)self->record->names, asked))
    return g_strdupv ((char **)one);
  return g_strdupv (*self->record->names ? self->record->names : (char **)digest);
}

QuiltImageUse *
quilt_image_use_new (QuiltImage *image, const char *(*get_name) (gconstpointer user), gpointer user)
{
  QuiltImageUse *use = g_new0 (QuiltImageUse, 1);

  use->image = g_object_ref (image);
  use->get_name = get_name;
  use->user = user;
  use->link.data = use;
  g_queue_push_tail_link (&image->uses, &use->link);
  quilt_images_count (image->images, 1, 0);
  return use;
}

void
quilt_image_use_release (QuiltImageUse *use)
{
  QuiltImage *image = use->image;

  g_queue_unlink (&image->uses, &use->link);
  quilt_images_count (image->images, -1, 0);
  g_object_unref (image);
  g_free (use);
}

guint
quilt_image_count_uses (const QuiltImage *self, const char **ret_name)
{
  const QuiltImageUse *first = self->uses.head ? self->uses.head->data : NULL;

  if (first)
    *ret_name = first->get_name (first->user);
  return self->uses.length;
}

void
quilt_image_begin_change (QuiltImage *self, gboolean removal)
{
  g_return_if_fail (!self->changing);
  self->changing = TRUE;
  self->removing = removal;
  quilt_images_count (self->images, 0, 1);
}

void
quilt_image_end_change (QuiltImage *self)
{
  g_return_if_fail (self->changing);
  self->changing = FALSE;
  self->removing = FALSE;
  quilt_images_count (self->images, 0, -1);
}

gboolean
quilt_image_is_changing (const QuiltImage *self)
{
  return self->changing;
}

gboolean
quilt_image_is_being_removed (const QuiltImage *self)
{
  return self->removing;
}

static void
take_names (QuiltImage *self)
{
  QuiltIndex *index = quilt_images_get_index (self->images);

  for (char **name = self->record->names; *name; name++)
    quilt_index_name (index, *name, self);
}

static void
drop_names (QuiltImage *self)
{
  QuiltIndex *index = quilt_images_get_index (self->images);

  for (char **name = self->record->names; *name; name++)
    if (quilt_index_get_named (index, *name) == self)
      quilt_index_unname (index, *name);
}

static void
note_setup (QuiltImage *self)
{
  GHashTable *setups = quilt_images_get_setups (self->images);
  const char *key = self->record->setup_key;
  const QuiltImage *other = key ? g_hash_table_lookup (setups, key) : NULL;

  if (key && (!other || other->record->created_usec <= self->record->created_usec))
    g_hash_table_replace (setups, g_strdup (key), self);
}

static void
forget_setup (QuiltImage *self)
{
  GHashTable *setups = quilt_images_get_setups (self->images);
  const char *key = self->record->setup_key;

  if (key && g_hash_table_lookup (setups, key) == self)
    g_hash_table_remove (setups, key);
}

QuiltImage *
quilt_image_find_setup (const QuiltImages *images, const char *key)
{
  QuiltImage *image = g_hash_table_lookup (quilt_images_get_setups (images), key);

  return image && !image->removing ? image : NULL;
}

static void
publish (QuiltImage *self)
{
  QuiltHub *hub = quilt_images_get_hub (self->images);

  quilt_index_add (quilt_images_get_index (self->images), quilt_image_get_hex (self),
                   g_object_ref (self));
  note_setup (self);
  take_names (self);
  quilt_hub_export (hub, self->path, self->exported);
  quilt_hub_changed (hub);
}

QuiltImage *
quilt_image_add (QuiltImages *images, QuiltImageRecord *record)
{
  g_autoptr (QuiltImage) self = image_new (images, record);

  publish (self);
  return self;
}

void
quilt_image_unpublish (QuiltImage *self)
{
  g_autoptr (QuiltImage) keep = g_object_ref (self);
  QuiltHub *hub = quilt_images_get_hub (self->images);

  quilt_hub_unexport (hub, self->path);
  quilt_hub_changed (hub);
  drop_names (self);
  forget_setup (self);
  quilt_index_remove (quilt_images_get_index (self->images), quilt_image_get_hex (self));
}

void
quilt_image_set_used (QuiltImage *self, guint64 used_usec)
{
  self->record->used_usec = used_usec;
}

void
quilt_image_set_record (QuiltImage *self, QuiltImageRecord *record)
{
  drop_names (self);
  quilt_image_record_free (self->record);
  self->record = record;
  take_names (self);
  refresh (self);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static char **
edit_names (char **names, const char *with, const char *without)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();

  for (char **name = names; *name; name++)
    if (g_strcmp0 (*name, with) != 0 && g_strcmp0 (*name, without) != 0)
      g_ptr_array_add (list, g_strdup (*name));
  if (with)
    g_ptr_array_add (list, g_strdup (with));
  g_ptr_array_sort (list, compare);
  g_ptr_array_add (list, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&list), FALSE);
}

QuiltImageRecord *
quilt_image_with_names (const QuiltImage *self, const char *name, const char *without_name)
{
  const QuiltImageRecord *old = self->record;
  QuiltImageRecord *record = g_new0 (QuiltImageRecord, 1);

  record->digest = g_strdup (old->digest);
  record->names = edit_names (old->names, name, without_name);
  record->layers = g_strdupv (old->layers);
  record->size = old->size;
  record->entries = old->entries;
  record->created_usec = old->created_usec;
  quilt_left_out_copy (&record->left_out, &old->left_out);
  record->author = g_strdup (old->author);
  record->comment = g_strdup (old->comment);
  quilt_image_config_copy (&record->config, &old->config);
  record->setup_key = g_strdup (old->setup_key);
  record->base = g_strdup (old->base);
  record->setup_bytes = old->setup_bytes;
  record->setup_owner = old->setup_owner;
  record->used_usec = old->used_usec;
  record->more = g_strdup (old->more);
  return record;
}

static void
quilt_image_finalize (GObject *object)
{
  QuiltImage *self = QUILT_IMAGE (object);

  g_clear_pointer (&self->exported, quilt_export_free);
  quilt_image_record_free (self->record);
  g_strfreev (self->layers);
  g_free (self->path);
  G_OBJECT_CLASS (quilt_image_parent_class)->finalize (object);
}

static void
quilt_image_init (QuiltImage *self)
{
}

static void
quilt_image_class_init (QuiltImageClass *class)
{
  G_OBJECT_CLASS (class)->finalize = quilt_image_finalize;
}

gboolean
quilt_image_check_base (const QuiltImage *self, const char *asked, GError **error)
{
  const QuiltImageRecord *record = quilt_image_get_record (self);

  if (!record->setup_key)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
               "Image '%s' keeps the result of setup steps, which only containers with the same "
               "steps can use; use the image %s, on which the steps ran",
               asked, record->base);
  return FALSE;
}
