/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking images, or names of images, away. */
#include "daemon/images/remove.h"

#include "base/error.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/bus/event.h"
#include "daemon/bus/work.h"
#include "daemon/images/image.h"
#include "store/digest.h"

/* One image of a call. A name removes that name, and the image only if the image has no other name.
 * A digest removes the image with all its names. Which of the two a row is, is decided when the
 * call arrives: later the name may belong to another image. */
typedef struct {
  struct Removal *removal;
  char *asked;      /* as the caller named it */
  gboolean by_name; /* asked is one of the image's names, not its digest */
  char *digest;     /* of the image that the caller was checked for; NULL: not found */
  GError *error;
} Row;

/* Lives as long as its invocation. */
typedef struct Removal {
  QuiltImages *images;
  GDBusMethodInvocation *invocation; /* owned since the authorization; NULL when answered */
  GPtrArray *rows;
  GHashTable *meant; /* the names and digests of the rows, borrowed; used while they are added */
  guint next;        /* row */
  gboolean many;
} Removal;

static void next_row (Removal *removal);

static void
row_free (Row *row)
{
  g_free (row->asked);
  g_free (row->digest);
  g_clear_error (&row->error);
  g_free (row);
}

static void
removal_free (Removal *removal)
{
  g_hash_table_unref (removal->meant);
  g_ptr_array_unref (removal->rows);
  g_free (removal);
}

static void
answer (Removal *removal)
{
  QuiltImages *images = removal->images;
  GDBusMethodInvocation *invocation = g_steal_pointer (&removal->invocation);
  g_auto (GVariantBuilder) failures = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sss)"));
  const Row *first = removal->rows->len > 0 ? removal->rows->pdata[0] : NULL;

  for (guint i = 0; i < removal->rows->len; i++) {
    const Row *row = removal->rows->pdata[i];

    if (row->error)
      quilt_bus_error_add (&failures, row->asked, row->error);
  }
  if (removal->many)
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(a(sss))", &failures));
  else if (first->error)
    quilt_bus_error_return (invocation, first->error);
  else
    g_dbus_method_invocation_return_value (invocation, NULL);
  quilt_hub_release (images->hub);
}

/* The thread's work, with copies of its inputs. */
typedef struct {
  QuiltImageRecord *record; /* to be saved, or else to be removed */
  gboolean save;
  GPtrArray *remaining; /* of QuiltImageRecord with nothing but layers; NULL: save */
  Row *row;
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
finish_removal (const QuiltImage *image)
{
  quilt_event_log (QUILT_EVENT_IMAGE_REMOVED,
                   &(QuiltEventFields){.image_digest = image->record->digest},
                   "Image %s was removed", image->record->digest);
}

static void
on_changed (GObject *source, GAsyncResult *result, gpointer data)
{
  Change *change = data; /* freed after this */
  Row *row = change->row;

  change->image->changing = FALSE;
  change->image->removing = FALSE;
  if (quilt_work_finish (result, &row->error)) {
    if (change->save) {
      quilt_image_set_record (change->image, g_steal_pointer (&change->record));
    } else {
      finish_removal (change->image);
      quilt_image_unpublish (change->image);
    }
  }
  next_row (row->removal);
}

/* image NULL: of all. */
static GPtrArray *
layers_of_others (QuiltImages *images, const QuiltImage *image)
{
  g_autoptr (GPtrArray) all = quilt_index_list (images->index);
  GPtrArray *others = g_ptr_array_new_with_free_func ((GDestroyNotify)quilt_image_record_free);

  for (guint i = 0; i < all->len; i++) {
    const QuiltImage *other = all->pdata[i];
    QuiltImageRecord *record;

    if (other == image)
      continue;
    record = g_new0 (QuiltImageRecord, 1);
    record->digest = g_strdup (other->record->digest);
    record->layers = g_strdupv (other->record->layers);
    g_ptr_array_add (others, record);
  }
  return others;
}

static gboolean
sweep (QuiltStore *store, gpointer data, GError **error)
{
  return quilt_images_sweep_layers (store, data, error);
}

static void
on_swept (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!quilt_work_finish (result, &error))
    g_warning ("%s", error->message);
}

void
quilt_image_sweep_layers (QuiltImages *images)
{
  quilt_work_run_in_turn (images->in_turn, images->store, sweep, layers_of_others (images, NULL),
                          (GDestroyNotify)g_ptr_array_unref, on_swept, NULL);
}

/* Says who uses it: that is what has to be removed first. */
static void
set_in_use (const QuiltImage *image, const char *asked, GError **error)
{
  const QuiltImages *images = image->images;
  const char *user = "";
  guint n = images->find_users (image->record->digest, &user, images->find_users_data);

  if (n > 1)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "Image '%s' is in use by container '%s' and %u more: remove them first", asked,
                 user, n - 1);
  else
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "Image '%s' is in use by container '%s': remove that container first", asked,
                 user);
}

static gboolean
check_changeable (const QuiltImage *image, const char *asked, gboolean removal, GError **error)
{
  if (image->changing)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY, "Image '%s' is being changed", asked);
  else if (removal && image->users > 0)
    set_in_use (image, asked, error);
  else
    return TRUE;
  return FALSE;
}

/* The image of a row, if the row's name is still a name of that image. */
static QuiltImage *
find_image (const Row *row, GError **error)
{
  const QuiltIndex *index = row->removal->images->index;
  QuiltImage *image = quilt_index_get (index, quilt_digest_hex (row->digest));
  const QuiltImage *named = row->by_name ? quilt_index_get_named (index, row->asked) : image;

  if (image && named == image)
    return image;
  if (named)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "The name '%s' was given to another image meanwhile: try again", row->asked);
  else
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND, "There is no image '%s' any more",
                 row->asked);
  return NULL;
}

/* FALSE: there is nothing to wait for. */
static gboolean
begin_row (Removal *removal, Row *row)
{
  QuiltImages *images = removal->images;
  QuiltImage *image = row->error ? NULL : find_image (row, &row->error);
  Change *change;

  if (!image)
    return FALSE;
  change = g_new0 (Change, 1);
  change->save = row->by_name && g_strv_length (image->record->names) > 1;
  if (!check_changeable (image, row->asked, !change->save, &row->error)) {
    change_free (change);
    return FALSE;
  }
  image->changing = TRUE;
  image->removing = !change->save;
  change->row = row;
  change->image = g_object_ref (image);
  change->record = quilt_image_with_names (image, NULL, change->save ? row->asked : NULL);
  if (!change->save)
    change->remaining = layers_of_others (images, image);
  quilt_work_run_in_turn (images->in_turn, images->store, save_or_remove, change,
                          (GDestroyNotify)change_free, on_changed, change);
  return TRUE;
}

/* One after the other: a removal looks at what the other images use. */
static void
next_row (Removal *removal)
{
  while (removal->next < removal->rows->len)
    if (begin_row (removal, removal->rows->pdata[removal->next++]))
      return;
  answer (removal);
}

static void
authorized (GDBusMethodInvocation *invocation, gpointer data)
{
  Removal *removal = data;

  removal->invocation = invocation;
  quilt_hub_hold (removal->images->hub);
  next_row (removal);
}

/* An image or a name that is named twice is meant once; with an image go its names. */
static void
add_row (Removal *removal, const char *asked, GPtrArray *details)
{
  Row *row = g_new0 (Row, 1);
  const QuiltIndex *index = removal->images->index;
  const QuiltImage *image = quilt_index_find (index, asked, &row->error);
  char *meant;

  row->removal = removal;
  meant = row->asked = g_strdup (asked);
  if (image) {
    row->digest = g_strdup (image->record->digest);
    row->by_name = quilt_index_get_named (index, asked) == image;
    if (!row->by_name || g_hash_table_contains (removal->meant, row->digest))
      meant = row->digest;
  }
  if (g_hash_table_contains (removal->meant, meant)) {
    row_free (row);
    return;
  }
  g_hash_table_add (removal->meant, meant);
  g_ptr_array_add (removal->rows, row);
  if (image) {
    g_auto (GStrv) names = quilt_image_get_rule_names (image, asked);

    quilt_authority_add_image_details (details, "remove-image", NULL, names, row->digest, NULL);
  }
}

static gboolean
is_digest (const QuiltIndex *index, const char *asked)
{
  return quilt_index_find (index, asked, NULL) && !quilt_index_get_named (index, asked);
}

static void
remove_images (QuiltImages *images,
               GDBusMethodInvocation *invocation,
               const char *const *names,
               gboolean many,
               GVariant *options)
{
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  g_autoptr (GError) error = NULL;
  Removal *removal;

  if (!quilt_dict_read (options, NULL, 0, &error)) {
    quilt_bus_error_return (invocation, error);
    return;
  }
  removal = g_new0 (Removal, 1);
  removal->images = images;
  removal->many = many;
  removal->rows = g_ptr_array_new_with_free_func ((GDestroyNotify)row_free);
  removal->meant = g_hash_table_new (g_str_hash, g_str_equal);
  g_object_set_data_full (G_OBJECT (invocation), "quilt-removal", removal,
                          (GDestroyNotify)removal_free);
  /* Digests first: with an image go its names, also those that stand before its digest. */
  for (guint i = 0; names[i]; i++)
    if (is_digest (images->index, names[i]))
      add_row (removal, names[i], details);
  for (guint i = 0; names[i]; i++)
    if (!is_digest (images->index, names[i]))
      add_row (removal, names[i], details);
  quilt_authority_require (quilt_hub_get_authority (images->hub), invocation,
                           QUILT_ACTION_MANAGE_IMAGES, details, authorized, removal);
}

void
quilt_image_remove_many (QuiltImages *images,
                         GDBusMethodInvocation *invocation,
                         const char *const *names,
                         GVariant *options)
{
  remove_images (images, invocation, names, TRUE, options);
}

void
quilt_image_remove_one (QuiltImages *images,
                        GDBusMethodInvocation *invocation,
                        const char *name,
                        GVariant *options)
{
  const char *const names[] = {name, NULL};

  remove_images (images, invocation, names, FALSE, options);
}
