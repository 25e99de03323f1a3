/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The results of setup steps in the store: how much they may take, and which of them go. */
#include "daemon/images/collect.h"

#include "base/error.h"
#include "daemon/bus/event.h"
#include "daemon/images/image-private.h"
#include "daemon/images/images-private.h"
#include "daemon/images/publish.h"

/* Each result counts these bytes besides its layer, since quiltd keeps it in memory and on the bus.
 * So the limit is one for their number, too. */
#define RESULT_BYTES (1024 * 1024)

struct QuiltSetupRoom {
  QuiltImages *images;
  guint64 owner; /* uid */
  guint64 bytes; /* of the result so far */
};

/* A removal of several images, with copies of the thread's inputs. */
typedef struct {
  GPtrArray *images;
  GPtrArray *records;   /* to remove */
  GPtrArray *remaining; /* of QuiltImageRecord that have only layers */
  gboolean gone;
  QuiltCollectedFunc collected;
  gpointer data;
} Removal;

static guint64
add (guint64 a, guint64 b)
{
  return a > G_MAXUINT64 - b ? G_MAXUINT64 : a + b;
}

static guint64
count_bytes (const QuiltImage *image)
{
  return add (RESULT_BYTES, quilt_image_get_record (image)->setup_bytes);
}

static gboolean
is_used (const QuiltImage *image)
{
  const char *user;

  return quilt_image_count_uses (image, &user) > 0;
}

/* Whether containers use the image, or may use it from now on. */
static gboolean
is_needed (QuiltImages *images, const QuiltImage *image)
{
  const QuiltImageRecord *record = quilt_image_get_record (image);

  return !record->setup_key || is_used (image) ||
         (quilt_image_find_setup (images, record->setup_key) == image &&
          quilt_images_get (images, record->base));
}

static void
add_layers (GPtrArray *others, const QuiltImageRecord *other)
{
  QuiltImageRecord *record = g_new0 (QuiltImageRecord, 1);

  record->digest = g_strdup (other->digest);
  record->layers = g_strdupv (other->layers);
  g_ptr_array_add (others, record);
}

GPtrArray *
quilt_image_list_layers (QuiltImages *images, GHashTable *without)
{
  const GQueue *publications = quilt_images_get_publications (images);
  g_autoptr (GPtrArray) all = quilt_index_list (quilt_images_get_index (images));
  GPtrArray *others = g_ptr_array_new_with_free_func ((GDestroyNotify)quilt_image_record_free);

  for (guint i = 0; i < all->len; i++)
    if (!without || !g_hash_table_contains (without, all->pdata[i]))
      add_layers (others, quilt_image_get_record (all->pdata[i]));
  for (const GList *link = publications->head; link; link = link->next)
    if (((const QuiltPublication *)link->data)->record)
      add_layers (others, ((const QuiltPublication *)link->data)->record);
  return others;
}

void
quilt_image_end_removal (QuiltImage *image)
{
  quilt_event_log (QUILT_EVENT_IMAGE_REMOVED,
                   &(QuiltEventFields){.image_digest = quilt_image_get_digest (image)},
                   "Image %s was removed", quilt_image_get_digest (image));
  quilt_image_unpublish (image);
}

static void
removal_free (Removal *self)
{
  g_ptr_array_unref (self->images);
  g_ptr_array_unref (self->records);
  g_ptr_array_unref (self->remaining);
  g_free (self);
}

static gboolean
remove_records (QuiltStore *store, gpointer data, GError **error)
{
  Removal *self = data;

  return quilt_images_remove (store, self->records, self->remaining, &self->gone, error);
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  Removal *self = data; /* freed after this */
  QuiltImages *images = quilt_image_get_images (self->images->pdata[0]);
  g_autoptr (GError) error = NULL;

  quilt_work_finish (result, &error);
  for (guint i = 0; i < self->images->len; i++) {
    quilt_image_end_change (self->images->pdata[i]);
    if (self->gone)
      quilt_image_end_removal (self->images->pdata[i]);
  }
  if (self->collected)
    self->collected (error, self->data);
  else if (error)
    g_warning ("%s", error->message);
  quilt_hub_release (quilt_images_get_hub (images));
}

void
quilt_image_remove_all (QuiltImages *images,
                        GPtrArray *chosen,
                        QuiltCollectedFunc collected,
                        gpointer data)
{
  g_autoptr (GHashTable) set = g_hash_table_new (NULL, NULL);
  Removal *self = g_new0 (Removal, 1);

  self->collected = collected;
  self->data = data;
  self->images = g_ptr_array_new_with_free_func (g_object_unref);
  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify)quilt_image_record_free);
  for (guint i = 0; i < chosen->len; i++) {
    g_ptr_array_add (self->images, g_object_ref (chosen->pdata[i]));
    g_ptr_array_add (self->records, quilt_image_with_names (chosen->pdata[i], NULL, NULL));
    g_hash_table_add (set, chosen->pdata[i]);
    quilt_image_begin_change (chosen->pdata[i], TRUE);
  }
  self->remaining = quilt_image_list_layers (images, set);
  quilt_hub_hold (quilt_images_get_hub (images));
  quilt_images_work (images, remove_records, self, (GDestroyNotify)removal_free, on_removed, self);
}

/* The results of one user. */
typedef struct {
  guint64 owner;   /* uid */
  guint64 total;   /* bytes of all */
  GPtrArray *idle; /* that can be removed, the least recently used first */
  guint next;      /* of idle */
} User;

static void
user_free (gpointer data)
{
  g_ptr_array_unref (((User *)data)->idle);
  g_free (data);
}

static User *
get_user (GPtrArray *users, guint64 owner)
{
  User *user;

  for (guint i = 0; i < users->len; i++)
    if (((const User *)users->pdata[i])->owner == owner)
      return users->pdata[i];
  user = g_new0 (User, 1);
  user->owner = owner;
  user->idle = g_ptr_array_new ();
  g_ptr_array_add (users, user);
  return user;
}

static int
compare_use (gconstpointer a, gconstpointer b)
{
  const QuiltImageRecord *one = quilt_image_get_record (*(QuiltImage *const *)a);
  const QuiltImageRecord *other = quilt_image_get_record (*(QuiltImage *const *)b);

  return one->used_usec == other->used_usec ? 0 : one->used_usec < other->used_usec ? -1 : 1;
}

/* The user whose results take most, of those who have results that can be removed. */
static User *
find_largest (GPtrArray *users)
{
  User *largest = NULL;

  for (guint i = 0; i < users->len; i++) {
    User *user = users->pdata[i];

    if (user->next < user->idle->len && (!largest || user->total > largest->total))
      largest = user;
  }
  return largest;
}

/* Chooses results until total bytes are within the limit. Returns FALSE if a user would have to
 * make room for another who has more. */
static gboolean
choose (GPtrArray *chosen, GPtrArray *users, const User *wanting, guint64 total, guint64 max)
{
  User *user;

  for (guint i = 0; i < users->len; i++)
    g_ptr_array_sort (((User *)users->pdata[i])->idle, compare_use);
  while (total > max && (user = find_largest (users))) {
    const QuiltImage *image = user->idle->pdata[user->next++];
    const guint64 bytes = count_bytes (image);

    if (wanting && user != wanting && user->total < wanting->total)
      return FALSE;
    user->total -= MIN (bytes, user->total);
    total -= MIN (bytes, total);
    g_ptr_array_add (chosen, (gpointer)image);
  }
  return TRUE;
}

/* Makes room for a result that is complete (NULL: for none). Returns FALSE and does nothing if that
 * is not fair. */
static gboolean
collect (QuiltImages *images, const QuiltSetupRoom *room)
{
  g_autoptr (GPtrArray) all = quilt_index_list (quilt_images_get_index (images));
  g_autoptr (GPtrArray) chosen = g_ptr_array_new ();
  g_autoptr (GPtrArray) users = g_ptr_array_new_with_free_func (user_free);
  User *wanting = room ? get_user (users, room->owner) : NULL;
  guint64 total = room ? room->bytes : 0;

  if (wanting)
    wanting->total = room->bytes;
  for (guint i = 0; i < all->len; i++) {
    const QuiltImageRecord *record = quilt_image_get_record (all->pdata[i]);
    User *user;

    if (quilt_image_is_changing (all->pdata[i]))
      continue;
    if (!is_needed (images, all->pdata[i])) {
      g_ptr_array_add (chosen, all->pdata[i]);
    } else if (record->setup_key) {
      user = get_user (users, record->setup_owner);
      user->total = add (user->total, count_bytes (all->pdata[i]));
      total = add (total, count_bytes (all->pdata[i]));
      if (!is_used (all->pdata[i]))
        g_ptr_array_add (user->idle, all->pdata[i]);
    }
  }
  if (!choose (chosen, users, wanting, total, quilt_images_get_setup_limits (images)->max_bytes))
    return FALSE;
  if (chosen->len > 0)
    quilt_image_remove_all (images, chosen, NULL, NULL);
  return TRUE;
}

void
quilt_image_collect_setups (QuiltImages *images)
{
  if (quilt_images_may_collect (images))
    collect (images, NULL);
}

typedef struct {
  char *digest;
  guint64 used_usec;
} Use;

static void
use_free (gpointer data)
{
  g_free (((Use *)data)->digest);
  g_free (data);
}

static gboolean
write_use (QuiltStore *store, gpointer data, GError **error)
{
  const Use *use = data;

  return quilt_image_note_use (store, use->digest, use->used_usec, error);
}

/* The result may have been removed meanwhile. */
static void
on_use_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!quilt_work_finish (result, &error))
    g_debug ("%s", error->message);
  quilt_hub_release (quilt_images_get_hub (data));
}

void
quilt_image_note_setup_use (QuiltImage *image)
{
  QuiltImages *images = quilt_image_get_images (image);
  Use *use;

  if (!quilt_image_get_record (image)->setup_key)
    return;
  use = g_new0 (Use, 1);
  use->digest = g_strdup (quilt_image_get_digest (image));
  use->used_usec = (guint64)g_get_real_time ();
  quilt_image_set_used (image, use->used_usec);
  quilt_hub_hold (quilt_images_get_hub (images));
  quilt_work_run (quilt_images_get_store (images), write_use, use, use_free, on_use_written,
                  images);
}

/* The bytes of the results that can't be removed. */
static guint64
count_fixed (QuiltImages *images)
{
  g_autoptr (GPtrArray) all = quilt_index_list (quilt_images_get_index (images));
  guint64 total = 0;

  for (guint i = 0; i < all->len; i++)
    if (quilt_image_get_record (all->pdata[i])->setup_key &&
        !quilt_image_is_being_removed (all->pdata[i]) &&
        (is_used (all->pdata[i]) || !quilt_images_may_collect (images)))
      total = add (total, count_bytes (all->pdata[i]));
  return total;
}

/* Checks that other results, which can't be removed, and bytes of new ones are within the limit. */
static gboolean
check_room (QuiltImages *images, guint64 bytes, guint64 *ret_left, GError **error)
{
  const guint64 max = quilt_images_get_setup_limits (images)->max_bytes;
  const guint64 fixed = count_fixed (images);
  const guint64 wanted = add (fixed, bytes);

  if (wanted <= max) {
    *ret_left = max - wanted;
    return TRUE;
  }
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_QUOTA_EXCEEDED,
               "Results of setup steps may take %" G_GUINT64_FORMAT
               " bytes together (SetupCacheMaxBytes= in quiltd.conf), and those that containers "
               "use take %" G_GUINT64_FORMAT,
               max, fixed);
  return FALSE;
}

QuiltSetupRoom *
quilt_setup_room_new (QuiltImages *images, guint64 owner, guint64 *ret_max, GError **error)
{
  const guint64 making = add (quilt_images_get_making (images), RESULT_BYTES);
  QuiltSetupRoom *self;

  if (!check_room (images, making, ret_max, error))
    return NULL;
  *ret_max = MAX (*ret_max, 1);
  self = g_new0 (QuiltSetupRoom, 1);
  self->images = images;
  self->owner = owner;
  self->bytes = RESULT_BYTES;
  quilt_images_set_making (images, making);
  return self;
}

gboolean
quilt_setup_room_grow (QuiltSetupRoom *self, guint64 stored, GError **error)
{
  const guint64 others = quilt_images_get_making (self->images) - self->bytes;
  guint64 left;

  self->bytes = add (RESULT_BYTES, MIN (stored, G_MAXINT64));
  quilt_images_set_making (self->images, add (others, self->bytes));
  return check_room (self->images, add (others, self->bytes), &left, error);
}

gboolean
quilt_setup_room_take (QuiltSetupRoom *self, GError **error)
{
  guint64 left;

  if (!check_room (self->images, self->bytes, &left, error))
    return FALSE;
  if (!quilt_images_may_collect (self->images) || collect (self->images, self))
    return TRUE;
  g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_QUOTA_EXCEEDED,
                       "Results of setup steps take as much as SetupCacheMaxBytes= in quiltd.conf "
                       "allows, and this user's take more than those of others that could go");
  return FALSE;
}

void
quilt_setup_room_free (QuiltSetupRoom *self)
{
  quilt_images_set_making (self->images, quilt_images_get_making (self->images) - self->bytes);
  g_free (self);
}
