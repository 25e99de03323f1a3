/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Walks the tree that overlayfs writes to, and compares it with the layers below. */
#include "look/walk.h"

#include "base/fd.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The limits for the nesting, each level of which has descriptors, and for the names of the
 * directories on the way. */
#define DEPTH_MAX 1000
#define NAMES_MAX ((gsize)256 * 1024 * 1024)

typedef struct {
  int fd;
  char *name;
  struct stat st;
  GArray *lowers;   /* the same directory in the layers; NULL: none has it */
  gboolean hides;   /* nothing of lowers is seen in it */
  GPtrArray *names; /* sorted */
  gsize names_size;
  guint next;
  gsize path_length;
  char pending; /* the kind of a change that is one only if one below it is; 0: none */
  gboolean is_reported;
} Level;

typedef struct {
  const QuiltChangesOf *of;
  const QuiltChangesVisitor *visitor;
  gpointer data;
  GHashTable *points; /* the places of mounts, without links */
  GHashTable *above;  /* the directories above these */
  GString *path;
  GPtrArray *levels;
  guint n_pending; /* levels with a pending change */
  gsize names_size;
  char *failure; /* the first; NULL: none */
  gboolean ok;   /* the visitor goes on */
} Walk;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DIR, closedir)

static void
level_free (gpointer data)
{
  Level *level = data;

  quilt_fd_clear (&level->fd);
  g_clear_pointer (&level->lowers, g_array_unref);
  g_ptr_array_unref (level->names);
  g_free (level->name);
  g_free (level);
}

static Level *
get_level (const Walk *walk)
{
  return walk->levels->pdata[walk->levels->len - 1];
}

static void
fail (Walk *walk, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (walk->path->len ? walk->path->str : "/");

  if (!walk->failure)
    walk->failure = g_strdup_printf ("Failed to compare '%s': %s", quoted, why);
}

static gboolean
is_over (const Walk *walk)
{
  return !walk->ok || (walk->of->is_strict && walk->failure);
}

static void
report (Walk *walk, char kind, guint depth, const char *name, const struct stat *st, int fd)
{
  const Level *parent = walk->levels->pdata[depth - 1];
  const gboolean is_last = depth == walk->levels->len;
  const QuiltChange change = {
      .kind = kind,
      .path = walk->path->str,
      .path_length =
          is_last ? walk->path->len : ((const Level *)walk->levels->pdata[depth])->path_length,
      .parent_fd = parent->fd,
      .name = name,
      .st = st,
      .fd = fd,
  };

  walk->ok = walk->visitor->change (&change, walk->data);
}

/* Reports the entry at the present path, after the directories that waited for it. */
static void
emit (Walk *walk, char kind, const char *name, const struct stat *st, int fd)
{
  for (guint i = 1; !is_over (walk) && walk->n_pending > 0; i++) {
    Level *level = walk->levels->pdata[i];

    if (!level->pending)
      continue;
    report (walk, level->pending, i, level->name, &level->st, level->fd);
    level->pending = 0;
    level->is_reported = TRUE;
    walk->n_pending--;
  }
  if (!is_over (walk))
    report (walk, kind, walk->levels->len, name, st, fd);
}

static gboolean
is_dot (const char *name)
{
  return strcmp (name, ".") == 0 || strcmp (name, "..") == 0;
}

/* Returns FALSE with errno set: ENOMEM if there are too many names. */
static gboolean
add_names (Walk *walk, Level *level, int dir_fd)
{
  int fd = openat (dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (DIR) dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  if (!dir)
    return FALSE;
  while ((errno = 0, entry = readdir (dir))) {
    const gsize size = strlen (entry->d_name) + 1 + sizeof (gpointer);

    if (is_dot (entry->d_name))
      continue;
    walk->names_size += size;
    level->names_size += size;
    if (walk->names_size > NAMES_MAX)
      return errno = ENOMEM, FALSE;
    g_ptr_array_add (level->names, g_strdup (entry->d_name));
  }
  return errno == 0;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* Pushes a level. fd is taken over, and lowers, which may be NULL. A directory that hides its lower
 * ones, or is in such a directory, has no whiteouts: what it lacks is deleted. So list the names of
 * lowers too. */
static Level *
enter (Walk *walk, int fd, GArray *lowers)
{
  const gboolean hides = (walk->levels->len > 0 && get_level (walk)->hides) ||
                         quilt_overlay_is_opaque (fd, walk->of->attributes);
  Level *level = g_new0 (Level, 1);
  gboolean ok;

  level->fd = fd;
  level->lowers = lowers;
  level->hides = hides;
  level->names = g_ptr_array_new_with_free_func (g_free);
  level->path_length = walk->path->len;
  g_ptr_array_add (walk->levels, level);
  ok = add_names (walk, level, fd);
  for (guint i = 0; ok && hides && lowers && i < lowers->len; i++)
    ok = add_names (walk, level, g_array_index (lowers, int, i));
  if (!ok)
    fail (walk, errno == ENOMEM ? "there are too many files" : g_strerror (errno));
  g_ptr_array_sort (level->names, compare_names);
  return level;
}

static void
leave (Walk *walk)
{
  const Level *level = get_level (walk);
  const gboolean is_reported = level->is_reported;

  walk->names_size -= level->names_size;
  walk->n_pending -= level->pending ? 1 : 0;
  g_ptr_array_remove_index (walk->levels, walk->levels->len - 1);
  if (is_reported && walk->visitor->leave)
    walk->ok = walk->visitor->leave (walk->data);
}

static gboolean
is_alike (const struct stat *a, const struct stat *b)
{
  return a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid;
}

/* Whether Quilt has made the directory, or overlayfs has copied it, only for the place of a mount
 * in it, if there is no other change in it. */
static gboolean
may_be_ours (const Walk *walk, const struct stat *st, const struct stat *lower)
{
  if (!g_hash_table_contains (walk->points, walk->path->str) &&
      !g_hash_table_contains (walk->above, walk->path->str))
    return FALSE;
  return !lower || is_alike (st, lower);
}

/* Returns the open directory, or -1 if it is skipped. */
static int
open_directory (Walk *walk, const char *name)
{
  int fd = openat (get_level (walk)->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  if (fd < 0 && errno != ENOENT && errno != ENOTDIR) /* or it was just replaced */
    fail (walk, g_strerror (errno));
  if (fd >= 0 && walk->levels->len >= DEPTH_MAX) {
    fail (walk, "it is nested too deeply");
    quilt_fd_clear (&fd);
  }
  return fd;
}

static void
visit_directory (
    Walk *walk, const char *name, const struct stat *st, const struct stat *lower, GArray *below)
{
  g_autoptr (GArray) lowers = below;
  const char kind = lower ? 'C' : 'A';
  const gboolean waits = may_be_ours (walk, st, lower);
  int fd = open_directory (walk, name);
  Level *level;

  if (fd >= 0 && quilt_overlay_is_redirected (fd, walk->of->attributes)) {
    if (walk->of->is_strict)
      fail (walk, "its content has another name in the image (overlayfs with redirect_dir=on)");
    g_clear_pointer (&lowers, g_array_unref);
  }
  if (!waits)
    emit (walk, kind, name, st, fd);
  if (fd < 0)
    return;
  level = enter (walk, fd, g_steal_pointer (&lowers));
  level->name = g_strdup (name);
  level->st = *st;
  level->is_reported = !waits;
  level->pending = waits ? kind : 0;
  walk->n_pending += waits ? 1 : 0;
}

/* Finds the entry in the lower layers. */
static gboolean
find_lower (Walk *walk, const char *name, struct stat *ret_lower, GArray **ret_below)
{
  const gboolean had = quilt_lowers_find (get_level (walk)->lowers, name, walk->of->attributes,
                                          ret_lower, ret_below);

  if (!had && errno != 0)
    fail (walk, g_strerror (errno));
  return had;
}

static void
visit (Walk *walk, const char *name)
{
  const Level *level = get_level (walk);
  g_autoptr (GArray) below = NULL;
  struct stat st, lower;
  const gboolean exists = fstatat (level->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
  const int errsv = exists ? 0 : errno;
  gboolean had;

  g_string_append_printf (walk->path, "/%s", name);
  if (!exists && errsv != ENOENT)
    fail (walk, g_strerror (errsv));
  had = find_lower (walk, name, &lower, &below);
  if (!exists || quilt_overlay_is_whiteout (&st)) {
    if (had)
      emit (walk, 'D', name, NULL, -1);
  } else if (S_ISDIR (st.st_mode)) {
    visit_directory (walk, name, &st, had ? &lower : NULL, g_steal_pointer (&below));
  } else if (had || !S_ISREG (st.st_mode) || st.st_size > 0 ||
             !g_hash_table_contains (walk->points, walk->path->str)) {
    emit (walk, had ? 'C' : 'A', name, &st, -1);
  }
}

/* The name after the last one; NULL: there is none. A directory that hides its lower ones has names
 * twice. */
static const char *
next_name (Level *level)
{
  const char *last = level->next > 0 ? level->names->pdata[level->next - 1] : NULL;

  while (level->next < level->names->len) {
    const char *name = level->names->pdata[level->next++];

    if (!last || strcmp (last, name) != 0)
      return name;
  }
  return NULL;
}

static void
walk_all (Walk *walk)
{
  while (!is_over (walk) && walk->levels->len > 0) {
    Level *level = get_level (walk);
    const char *name = next_name (level);

    g_string_truncate (walk->path, level->path_length);
    if (name)
      visit (walk, name);
    else
      leave (walk);
  }
}

static void
add_mount (Walk *walk, const char *mount)
{
  g_autofree char *point = quilt_lowers_resolve (walk->of->lowers, mount);

  if (!point || !*point)
    return;
  for (char *slash = strchr (point + 1, '/'); slash; slash = strchr (slash + 1, '/'))
    g_hash_table_add (walk->above, g_strndup (point, (gsize)(slash - point)));
  g_hash_table_add (walk->points, g_steal_pointer (&point));
}

static void
walk_clear (Walk *walk)
{
  g_hash_table_unref (walk->points);
  g_hash_table_unref (walk->above);
  g_ptr_array_unref (walk->levels);
  g_string_free (walk->path, TRUE);
  g_free (walk->failure);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

gboolean
quilt_changes_walk (const QuiltChangesOf *of,
                    const QuiltChangesVisitor *visitor,
                    gpointer data,
                    char **ret_failure)
{
  g_auto (Walk) walk = {.of = of, .visitor = visitor, .data = data, .ok = TRUE};
  int fd = openat (of->upper_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  walk.points = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  walk.above = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  walk.levels = g_ptr_array_new_with_free_func (level_free);
  walk.path = g_string_new (NULL);
  for (char **mount = of->mounts; *mount; mount++)
    add_mount (&walk, *mount);
  if (fd >= 0) {
    GArray *lowers = quilt_lowers_new ();

    for (guint i = 0; i < of->lowers->len; i++) {
      int copy = fcntl (g_array_index (of->lowers, int, i), F_DUPFD_CLOEXEC, 3);

      g_array_append_val (lowers, copy);
    }
    enter (&walk, fd, lowers);
    walk_all (&walk);
  } else {
    fail (&walk, g_strerror (errno));
  }
  *ret_failure = g_steal_pointer (&walk.failure);
  return walk.ok;
}
