/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Remembers the ends of removed containers, for callers that ask shortly after the removal. */
#include "daemon/containers/tombs.h"

#include "base/fd.h"
#include "spec/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  char *id;
  char *reason;
  int exit_code;
} Tomb;

struct QuiltTombs {
  GQueue in_order;   /* of owned Tomb, oldest first */
  GHashTable *by_id; /* id → Tomb */
  guint max;
  int dir_fd; /* -1: none */
};

static void
tomb_free (Tomb *tomb)
{
  g_free (tomb->id);
  g_free (tomb->reason);
  g_free (tomb);
}

static void
forget_oldest (QuiltTombs *self)
{
  Tomb *oldest = g_queue_pop_head (&self->in_order);

  g_hash_table_remove (self->by_id, oldest->id);
  if (self->dir_fd >= 0)
    unlinkat (self->dir_fd, oldest->id, 0);
  tomb_free (oldest);
}

static void
remember (QuiltTombs *self, const char *id, int exit_code, const char *reason)
{
  Tomb *tomb = g_new0 (Tomb, 1);

  if (g_queue_get_length (&self->in_order) >= self->max)
    forget_oldest (self);
  tomb->id = g_strdup (id);
  tomb->reason = g_strdup (reason);
  tomb->exit_code = exit_code;
  g_queue_push_tail (&self->in_order, tomb);
  g_hash_table_insert (self->by_id, tomb->id, tomb);
}

/* An entry found in the directory. */
typedef struct {
  char id[33];
  struct timespec since;
} Found;

static int
compare_age (gconstpointer a, gconstpointer b)
{
  const struct timespec *first = &((const Found *)a)->since, *second = &((const Found *)b)->since;

  if (first->tv_sec != second->tv_sec)
    return first->tv_sec < second->tv_sec ? -1 : 1;
  return first->tv_nsec < second->tv_nsec ? -1 : first->tv_nsec > second->tv_nsec;
}

static void
read_tomb (QuiltTombs *self, const char *id)
{
  char text[64];
  ssize_t n = readlinkat (self->dir_fd, id, text, sizeof text - 1);
  g_auto (GStrv) words = NULL;
  gint64 code;

  if (n <= 0)
    return;
  text[n] = '\0';
  words = g_strsplit (text, " ", 2);
  if (words[1] && g_ascii_string_to_signed (words[0], 10, -1, 255, &code, NULL))
    remember (self, id, (int)code, words[1]);
}

static void
load (QuiltTombs *self)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (Found));
  int fd = openat (self->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;
  struct stat st;

  while (dir && (entry = readdir (dir))) {
    Found found;

    if (!quilt_id_check (entry->d_name) ||
        fstatat (self->dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
      continue;
    g_strlcpy (found.id, entry->d_name, sizeof found.id);
    found.since = st.st_mtim;
    g_array_append_val (all, found);
  }
  if (dir)
    closedir (dir);
  else
    quilt_fd_clear (&fd);
  g_array_sort (all, compare_age);
  for (guint i = 0; i < all->len; i++)
    read_tomb (self, g_array_index (all, Found, i).id);
}

QuiltTombs *
quilt_tombs_new (guint max, int dir_fd)
{
  QuiltTombs *self = g_new0 (QuiltTombs, 1);

  g_queue_init (&self->in_order);
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  self->max = max;
  self->dir_fd = dir_fd;
  if (dir_fd >= 0)
    load (self);
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
  g_autofree char *text = g_strdup_printf ("%d %s", exit_code, reason ? reason : "");

  if (g_hash_table_contains (self->by_id, id))
    return;
  if (self->dir_fd >= 0 && symlinkat (text, self->dir_fd, id) < 0 && errno != EEXIST)
    g_warning ("Failed to record how container %s ended: %s", id, g_strerror (errno));
  remember (self, id, exit_code, reason ? reason : "");
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
