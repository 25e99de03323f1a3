/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's ids of all containers, and free ranges for new ones. */
#include "daemon/host/id-ranges.h"

#include "base/error.h"
#include "daemon/host/id-host.h"

#include <gio/gio.h>

/* Looking up names of the host may use a network. So a thread keeps a few ranges ready, and
 * containers need not wait. */
#define POOL_SIZE 16
#define POOL_LOW 8

typedef struct {
  QuiltIdRangeFunc callback;
  gpointer data;
} Waiter;

/* A search in a thread, which owns everything except self. */
typedef struct {
  QuiltIdRanges *self; /* NULL: freed meanwhile; only the main thread uses it */
  GArray *taken;
  guint n;
  char *version;
  GArray *found;
} Search;

struct QuiltIdRanges {
  GHashTable *claims; /* char *container → GArray of QuiltIdMap */
  GArray *pool;       /* of guint32 */
  char *version;      /* version of the host's ids when the pool was filled */
  GQueue waiters;     /* of Waiter */
  Search *search;     /* the search under way; NULL: none */
};

static void
search_free (Search *search)
{
  g_array_unref (search->taken);
  g_clear_pointer (&search->found, g_array_unref);
  g_free (search->version);
  g_free (search);
}

QuiltIdRanges *
quilt_id_ranges_new (void)
{
  QuiltIdRanges *self = g_new0 (QuiltIdRanges, 1);

  self->claims =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
  self->pool = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->version = g_strdup ("");
  g_queue_init (&self->waiters);
  return self;
}

void
quilt_id_ranges_free (QuiltIdRanges *self)
{
  if (!self)
    return;
  if (self->search)
    self->search->self = NULL;
  g_queue_clear_full (&self->waiters, g_free);
  g_hash_table_unref (self->claims);
  g_array_unref (self->pool);
  g_free (self->version);
  g_free (self);
}

static void
add_lines (GArray *taken, const GArray *map)
{
  for (guint i = 0; map && i < map->len; i++) {
    const QuiltIdMap *line = &g_array_index (map, QuiltIdMap, i);

    if (line->count > 1 || line->inside != line->outside)
      quilt_id_map_add (taken, 0, line->outside, line->count);
  }
}

void
quilt_id_ranges_claim (QuiltIdRanges *self,
                       const char *container,
                       const GArray *uid_map,
                       const GArray *gid_map)
{
  GArray *taken = quilt_id_map_new ();

  add_lines (taken, uid_map);
  add_lines (taken, gid_map);
  g_hash_table_replace (self->claims, g_strdup (container), taken);
}

void
quilt_id_ranges_release (QuiltIdRanges *self, const char *container)
{
  g_hash_table_remove (self->claims, container);
}

const char *
quilt_id_ranges_find (QuiltIdRanges *self, const GArray *map, guint32 *ret_id)
{
  GHashTableIter iter;
  gpointer container, taken;

  g_hash_table_iter_init (&iter, self->claims);
  while (g_hash_table_iter_next (&iter, &container, &taken))
    if (quilt_id_map_overlaps (map, taken, ret_id))
      return container;
  return NULL;
}

/* All ids that are claimed, or in the pool. */
static GArray *
list_taken (QuiltIdRanges *self)
{
  GArray *taken = quilt_id_map_new ();
  GHashTableIter iter;
  gpointer lines;

  g_hash_table_iter_init (&iter, self->claims);
  while (g_hash_table_iter_next (&iter, NULL, &lines))
    g_array_append_vals (taken, ((GArray *)lines)->data, ((GArray *)lines)->len);
  for (guint i = 0; i < self->pool->len; i++)
    quilt_id_map_add (taken, 0, g_array_index (self->pool, guint32, i), QUILT_ID_RANGE);
  return taken;
}

static void
search_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Search *search = data;

  /* Get the version first, so that a change during the search is noticed. */
  search->version = quilt_id_host_get_version ();
  search->found = quilt_id_host_find (search->taken, search->n);
  g_task_return_boolean (task, TRUE);
}

/* A range may be claimed by an explicit map after we found it free. Do not hand it out then. */
static gboolean
pop (QuiltIdRanges *self, guint32 *ret_first)
{
  while (self->pool->len > 0) {
    guint32 first = g_array_index (self->pool, guint32, self->pool->len - 1);
    g_autoptr (GArray) range = quilt_id_map_new_range (first);

    g_array_set_size (self->pool, self->pool->len - 1);
    if (!quilt_id_ranges_find (self, range, NULL)) {
      *ret_first = first;
      return TRUE;
    }
  }
  return FALSE;
}

static void
serve (QuiltIdRanges *self)
{
  guint32 first;

  while (!g_queue_is_empty (&self->waiters) && pop (self, &first)) {
    g_autofree Waiter *waiter = g_queue_pop_head (&self->waiters);

    waiter->callback (first, NULL, waiter->data);
  }
}

static void
disappoint (QuiltIdRanges *self)
{
  g_autoptr (GError) error =
      g_error_new (QUILT_ERROR, QUILT_ERROR_FAILED,
                   "Failed to find %d free user ids for a container from %u to %u: other "
                   "containers, /etc/subuid, /etc/subgid and users of the host occupy them all. "
                   "Remove containers, or choose ids with --userns",
                   QUILT_ID_RANGE, QUILT_ID_HOST_FIRST, QUILT_ID_HOST_LAST);
  guint n = self->waiters.length;

  while (n-- > 0) {
    g_autofree Waiter *waiter = g_queue_pop_head (&self->waiters);

    waiter->callback (0, error, waiter->data);
  }
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer data)
{
  Search *search = g_task_get_task_data (G_TASK (result));
  QuiltIdRanges *self = search->self;
  g_autofree char *version = NULL;

  if (!self)
    return;
  self->search = NULL;
  version = quilt_id_host_get_version ();
  if (!g_str_equal (version, search->version)) {
    if (!g_queue_is_empty (&self->waiters))
      quilt_id_ranges_prepare (self);
    return;
  }
  g_free (self->version);
  self->version = g_steal_pointer (&search->version);
  g_array_append_vals (self->pool, search->found->data, search->found->len);
  serve (self);
  if (search->found->len == 0)
    disappoint (self);
  else if (!g_queue_is_empty (&self->waiters))
    quilt_id_ranges_prepare (self);
}

void
quilt_id_ranges_prepare (QuiltIdRanges *self)
{
  g_autoptr (GTask) task = NULL;
  Search *search;

  if (self->search || self->pool->len >= POOL_LOW)
    return;
  search = g_new0 (Search, 1);
  search->self = self;
  search->taken = list_taken (self);
  search->n = POOL_SIZE - self->pool->len + MIN (self->waiters.length, 1024);
  self->search = search;
  task = g_task_new (NULL, NULL, on_found, NULL);
  g_task_set_task_data (task, search, (GDestroyNotify)search_free);
  g_task_run_in_thread (task, search_in_thread);
}

void
quilt_id_ranges_take (QuiltIdRanges *self, QuiltIdRangeFunc callback, gpointer data)
{
  g_autofree char *version = quilt_id_host_get_version ();
  Waiter *waiter = g_new (Waiter, 1);

  /* Since the pool was filled, a user may have been added or given ids. */
  if (!g_str_equal (version, self->version))
    g_array_set_size (self->pool, 0);
  *waiter = (Waiter){callback, data};
  g_queue_push_tail (&self->waiters, waiter);
  serve (self);
  quilt_id_ranges_prepare (self);
}
