/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removes images, or names of images. */
#include "daemon/images/remove.h"

#include "base/error.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/bus/rows.h"
#include "daemon/images/collect.h"
#include "daemon/images/image-private.h"
#include "daemon/images/images-private.h"

/* The image of a row. A name removes that name, and the image only if it has no other name. A
 * digest removes the image with all its names. quiltd decides between the two when the call
 * arrives, since later the name may belong to another image. */
typedef struct {
  QuiltImages *images;
  char *digest;
  char *name; /* the image's name to remove; NULL: the digest was given */
} Target;

static void
target_free (gpointer data)
{
  Target *target = data;

  g_free (target->digest);
  g_free (target->name);
  g_free (target);
}

/* The work of the thread, with copies of its inputs. */
typedef struct {
  QuiltImageRecord *record; /* to save if save is set, otherwise to remove */
  gboolean save;
  GPtrArray *remaining; /* of QuiltImageRecord that have only layers; NULL if save is set */
  QuiltRow *row;
  QuiltImage *image;
} Change;

static void
change_free (Change *change)
{
  g_clear_pointer (&change->record, quilt_image_record_free);
  g_clear_pointer (&change->remaining, g_ptr_array_unref);
  g_clear_object (&change->image);
  g_free (change);
}

static gboolean
save_or_remove (QuiltStore *store, gpointer data, GError **error)
{
  const Change *change = data;

  return change->save ? quilt_image_save (store, change->record, error)
                      : quilt_image_remove (store, change->record, change->remaining, error);
}

static void
on_changed (GObject *source, GAsyncResult *result, gpointer data)
{
  Change *change = data; /* frees change */
  QuiltImages *images = quilt_image_get_images (change->image);
  GError *error = NULL;

  quilt_image_end_change (change->image);
  if (quilt_work_finish (result, &error)) {
    if (change->save) {
      quilt_image_set_record (change->image, g_steal_pointer (&change->record));
    } else {
      quilt_image_end_removal (change->image);
      quilt_image_collect_setups (images);
    }
  }
  quilt_row_done (change->row, error);
}

static void
begin_removal (QuiltImage *image, QuiltRow *row)
{
  QuiltImages *images = quilt_image_get_images (image);
  g_autoptr (GHashTable) set = g_hash_table_new (NULL, NULL);
  Change *change = g_new0 (Change, 1);

  g_hash_table_add (set, image);
  quilt_image_begin_change (image, TRUE);
  change->row = row;
  change->image = g_object_ref (image);
  change->record = quilt_image_with_names (image, NULL, NULL);
  change->remaining = quilt_image_list_layers (images, set);
  quilt_images_work (images, save_or_remove, change, (GDestroyNotify)change_free, on_changed,
                     change);
}

/* Sets an error that names a container to remove first. */
static void
set_in_use (const char *asked, guint n, const char *user, GError **error)
{
  if (n > 1)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "Image '%s' is in use by container '%s' and %u more: remove them first", asked,
                 user, n - 1);
  else
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "Image '%s' is in use by container '%s': remove that container first", asked,
                 user);
}

/* The number of containers that use what setup steps on the image have left behind. */
static guint
count_setup_uses (const QuiltImage *image, const char **ret_name)
{
  g_autoptr (GPtrArray) all =
      quilt_index_list (quilt_images_get_index (quilt_image_get_images (image)));
  guint n = 0;

  for (guint i = 0; i < all->len; i++)
    if (g_strcmp0 (quilt_image_get_record (all->pdata[i])->base, quilt_image_get_digest (image)) ==
        0)
      n += quilt_image_count_uses (all->pdata[i], ret_name);
  return n;
}

static gboolean
check_changeable (const QuiltImage *image, const char *asked, gboolean removal, GError **error)
{
  const char *user;
  guint n = quilt_image_count_uses (image, &user);

  if (removal)
    n += count_setup_uses (image, &user);
  if (quilt_image_is_changing (image))
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY, "Image '%s' is being changed", asked);
  else if (removal && n > 0)
    set_in_use (asked, n, user, error);
  else
    return TRUE;
  return FALSE;
}

/* The image of a row, if the row's name is still one of its names. */
static QuiltImage *
find_target (const Target *target, const char *asked, GError **error)
{
  const QuiltIndex *index = quilt_images_get_index (target->images);
  QuiltImage *image = quilt_images_get (target->images, target->digest);
  const QuiltImage *named = target->name ? quilt_index_get_named (index, target->name) : image;

  if (image && named == image)
    return image;
  if (named)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "The name '%s' was given to another image meanwhile: try again", asked);
  else
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND, "There is no image '%s' any more",
                 asked);
  return NULL;
}

static void
begin (QuiltRow *row)
{
  const Target *target = quilt_row_get_data (row);
  const char *asked = quilt_row_get_name (row);
  QuiltImages *images = target->images;
  GError *error = NULL;
  QuiltImage *image = find_target (target, asked, &error);
  gboolean save =
      image && target->name && g_strv_length (quilt_image_get_record (image)->names) > 1;
  Change *change;

  if (!image || !check_changeable (image, asked, !save, &error)) {
    quilt_row_done (row, error);
    return;
  }
  if (!save) {
    begin_removal (image, row);
    return;
  }
  quilt_image_begin_change (image, FALSE);
  change = g_new0 (Change, 1);
  change->save = TRUE;
  change->row = row;
  change->image = g_object_ref (image);
  change->record = quilt_image_with_names (image, NULL, target->name);
  quilt_images_work (images, save_or_remove, change, (GDestroyNotify)change_free, on_changed,
                     change);
}

static gpointer
find (const char *name, gpointer data, char **ret_key, GError **error)
{
  QuiltImages *images = data;
  const QuiltImage *image = quilt_index_find (quilt_images_get_index (images), name, error);
  Target *target;

  if (!image)
    return NULL;
  target = g_new0 (Target, 1);
  target->images = images;
  target->digest = g_strdup (quilt_image_get_digest (image));
  if (quilt_index_get_named (quilt_images_get_index (images), name) == image)
    target->name = g_strdup (name);
  *ret_key = g_strdup (target->name ? target->name : target->digest);
  return target;
}

static void
add_details (const QuiltRow *row, GPtrArray *details)
{
  const Target *target = quilt_row_get_data (row);
  const QuiltImage *image = quilt_images_get (target->images, target->digest);
  g_auto (GStrv) names = quilt_image_get_rule_names (image, quilt_row_get_name (row));

  quilt_authority_add_image_details (details, "remove-image", NULL, names, target->digest, NULL);
}

/* in_turn, since a removal checks which layers the other images use. */
static const QuiltRowsMethod method = {
    .action = QUILT_ACTION_MANAGE_IMAGES,
    .in_turn = TRUE,
    .find = find,
    .add_details = add_details,
    .begin = begin,
    .free_row = target_free,
};

/* Removing an image also removes its names. So put digests first, and leave out names of the same
 * images. */
static GPtrArray *
put_digests_first (const QuiltIndex *index, const char *const *names)
{
  GPtrArray *ordered = g_ptr_array_new ();
  g_autoptr (GHashTable) images = g_hash_table_new (NULL, NULL);

  for (guint i = 0; names[i]; i++) {
    gpointer image =
        quilt_index_get_named (index, names[i]) ? NULL : quilt_index_find (index, names[i], NULL);

    if (image && g_hash_table_add (images, image))
      g_ptr_array_add (ordered, (gpointer)names[i]);
  }
  for (guint i = 0; names[i]; i++)
    if (!g_hash_table_contains (images, quilt_index_find (index, names[i], NULL)))
      g_ptr_array_add (ordered, (gpointer)names[i]);
  g_ptr_array_add (ordered, NULL);
  return ordered;
}

static gboolean
check_options (QuiltCall *call, GVariant *options)
{
  g_autoptr (GError) error = NULL;

  if (quilt_dict_read (options, NULL, 0, &error))
    return TRUE;
  quilt_bus_error_return (call, error);
  return FALSE;
}

void
quilt_image_remove_many (QuiltImages *images,
                         QuiltCall *call,
                         const char *const *names,
                         GVariant *options)
{
  g_autoptr (GPtrArray) ordered = put_digests_first (quilt_images_get_index (images), names);

  if (check_options (call, options))
    quilt_rows_on_many (quilt_images_get_hub (images), call, &method,
                        (const char *const *)ordered->pdata, images, NULL);
}

void
quilt_image_remove_one (QuiltImages *images, QuiltCall *call, const char *name, GVariant *options)
{
  if (check_options (call, options))
    quilt_rows_on_one (quilt_images_get_hub (images), call, &method, name, images, NULL);
}
