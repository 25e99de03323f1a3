/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a tree below one directory, entry by entry. */
#include "transfer/writer.h"

#include "base/beneath.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Archives are ordered by directory, so a cache of open directories helps. A full cache is simply
 * emptied. */
#define CACHE_MAX 128

/* The times of directories are kept until the end. Paths of 4 KiB compress to nothing, so an
 * archive could have very many of them. */
#define TIMES_BYTES_MAX (256 * 1024 * 1024)

struct _QuiltWriter {
  int root_fd;
  GHashTable *directories; /* path (char *) → fd (int) */
  GPtrArray *times;        /* of DirectoryTime */
  gsize times_bytes;
};

typedef struct {
  struct timespec mtime;
  char path[];
} DirectoryTime;

static void
close_cached (gpointer fd)
{
  close (GPOINTER_TO_INT (fd));
}

QuiltWriter *
quilt_writer_new (int root_fd)
{
  QuiltWriter *writer = g_new0 (QuiltWriter, 1);

  writer->root_fd = root_fd;
  writer->directories = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, close_cached);
  writer->times = g_ptr_array_new_with_free_func (g_free);
  return writer;
}

void
quilt_writer_free (QuiltWriter *writer)
{
  if (!writer)
    return;
  g_hash_table_unref (writer->directories);
  g_ptr_array_unref (writer->times);
  g_free (writer);
}

gboolean
quilt_writer_set_error (GError **error, int errsv, const char *path)
{
  static const int archives_fault[] = {ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG,
                                       EEXIST, EMLINK,  EFBIG, EINVAL};
  g_autofree char *quoted = quilt_text_quote (path);

  for (guint i = 0; i < G_N_ELEMENTS (archives_fault); i++)
    if (errsv == archives_fault[i]) {
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE, "Failed to unpack '%s': %s", quoted,
                   g_strerror (errsv));
      return FALSE;
    }
  return quilt_set_error_errno (error, errsv, "Failed to unpack '%s'", quoted);
}

/* Takes ownership of fd. */
static int
cache (QuiltWriter *writer, const char *path, int fd)
{
  if (g_hash_table_size (writer->directories) >= CACHE_MAX)
    g_hash_table_remove_all (writer->directories);
  g_hash_table_replace (writer->directories, g_strdup (path), GINT_TO_POINTER (fd));
  return fd;
}

static int
open_directory (QuiltWriter *writer, const char *path)
{
  return quilt_open_in_root (writer->root_fd, path, O_PATH | O_DIRECTORY, 0);
}

static const char *
split (const char *path, char **ret_parent)
{
  const char *slash = strrchr (path, '/');

  *ret_parent = slash ? g_strndup (path, (gsize)(slash - path)) : g_strdup ("");
  return slash ? slash + 1 : path;
}

/* Makes path and its missing parents. Each directory is made in what its parent resolves to. A
 * dangling link stays as it is, and opening it then fails. */
static int
make_directories (QuiltWriter *writer, const char *path)
{
  g_autofree char *prefix = g_strdup (path);

  for (char *slash = prefix; slash;) {
    g_autofree char *parent = NULL;
    g_autofd int fd = -1;
    const char *name;

    slash = strchr (slash + 1, '/');
    if (slash)
      *slash = '\0';
    name = split (prefix, &parent);
    fd = *parent ? open_directory (writer, parent) : dup (writer->root_fd);
    if (fd < 0 || (mkdirat (fd, name, 0755) < 0 && errno != EEXIST))
      return -1;
    if (slash)
      *slash = '/';
  }
  return open_directory (writer, path);
}

/* The parent directory of path, whose descriptor the writer owns, and the last component. */
static int
open_parent (QuiltWriter *writer, const char *path, const char **ret_name, GError **error)
{
  g_autofree char *parent = NULL;
  const char *name = split (path, &parent);
  gpointer cached;
  int fd;

  *ret_name = name;
  if (!*parent)
    return writer->root_fd;
  if (g_hash_table_lookup_extended (writer->directories, parent, NULL, &cached))
    return GPOINTER_TO_INT (cached);
  fd = open_directory (writer, parent);
  if (fd < 0 && errno == ENOENT)
    fd = make_directories (writer, parent);
  if (fd < 0) {
    quilt_writer_set_error (error, errno, path);
    return -1;
  }
  return cache (writer, parent, fd);
}

/* Removes the earlier file of a repeated entry. Empties the cache, since cached directories may
 * have been reached through that file. */
static gboolean
remove_existing (QuiltWriter *writer, const char *path, int *parent_fd, GError **error)
{
  const char *name;

  g_hash_table_remove_all (writer->directories);
  *parent_fd = open_parent (writer, path, &name, error);
  return *parent_fd >= 0 && quilt_tree_remove (*parent_fd, name, error);
}

/* Makes one file, which must not exist yet. Returns 0, or -1 with errno set: EEXIST if it
 * exists. */
typedef int (*MakeFunc) (int parent_fd, const char *name, gconstpointer what);

static gboolean
make (QuiltWriter *writer,
      const char *path,
      MakeFunc func,
      gconstpointer what,
      int *ret_parent_fd,
      const char **ret_name,
      GError **error)
{
  const char *name;
  int parent_fd;

  if (!*path) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE,
                         "Failed to unpack '/': the root is not a directory");
    return FALSE;
  }
  parent_fd = open_parent (writer, path, &name, error);
  if (parent_fd < 0)
    return FALSE;
  if (func (parent_fd, name, what) < 0) {
    if (errno != EEXIST)
      return quilt_writer_set_error (error, errno, path);
    if (!remove_existing (writer, path, &parent_fd, error))
      return FALSE;
    if (func (parent_fd, name, what) < 0)
      return quilt_writer_set_error (error, errno, path);
  }
  *ret_parent_fd = parent_fd;
  *ret_name = name;
  return TRUE;
}

/* Checking is cheaper than setting, and most files belong to root and already have their mode. */
static gboolean
set_owner_and_mode (int fd, const QuiltWriterMeta *meta)
{
  struct stat st;
  gboolean chown;

  if (fstat (fd, &st) < 0)
    return FALSE;
  chown = st.st_uid != meta->uid || st.st_gid != meta->gid;
  if (chown && fchown (fd, meta->uid, meta->gid) < 0)
    return FALSE;
  /* Set the mode after the owner: a change of the owner clears setuid and setgid. */
  return (!chown && (st.st_mode & 07777) == meta->mode) || fchmod (fd, meta->mode) == 0;
}

static int
make_directory (int parent_fd, const char *name, gconstpointer what)
{
  struct stat st;

  if (mkdirat (parent_fd, name, 0700) == 0)
    return 0;
  if (errno != EEXIST)
    return -1;
  if (fstatat (parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR (st.st_mode))
    return 0;
  return errno = EEXIST, -1;
}

static gboolean
remember_time (QuiltWriter *writer, const char *path, struct timespec mtime, GError **error)
{
  gsize length = strlen (path) + 1;
  DirectoryTime *entry;

  writer->times_bytes += sizeof *entry + length;
  if (writer->times_bytes > TIMES_BYTES_MAX) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_QUOTA_EXCEEDED,
                         "Failed to unpack the archive: it has too many directories");
    return FALSE;
  }
  entry = g_malloc (sizeof *entry + length);
  entry->mtime = mtime;
  memcpy (entry->path, path, length);
  g_ptr_array_add (writer->times, entry);
  return TRUE;
}

int
quilt_writer_directory (QuiltWriter *writer,
                        const char *path,
                        const QuiltWriterMeta *meta,
                        GError **error)
{
  const char *name = ".";
  int parent_fd = writer->root_fd;
  g_autofd int fd = -1;

  if (*path && !make (writer, path, make_directory, NULL, &parent_fd, &name, error))
    return -1;
  fd = openat (parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || !set_owner_and_mode (fd, meta)) {
    quilt_writer_set_error (error, errno, path);
    return -1;
  }
  if (!remember_time (writer, path, meta->mtime, error))
    return -1;
  return cache (writer, path, g_steal_fd (&fd));
}

typedef struct {
  mode_t mode;
  int *ret_fd;
} FilePlan;

static int
make_file (int parent_fd, const char *name, gconstpointer what)
{
  const FilePlan *plan = what;

  *plan->ret_fd = openat (parent_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                          plan->mode & 0777);
  return *plan->ret_fd < 0 ? -1 : 0;
}

int
quilt_writer_file (QuiltWriter *writer, const char *path, mode_t mode, GError **error)
{
  int fd = -1;
  FilePlan plan = {mode, &fd};
  const char *name;
  int parent_fd;

  return make (writer, path, make_file, &plan, &parent_fd, &name, error) ? fd : -1;
}

gboolean
quilt_writer_file_done (
    QuiltWriter *writer, int fd, const char *path, const QuiltWriterMeta *meta, GError **error)
{
  struct timespec times[] = {meta->mtime, meta->mtime};

  if (!set_owner_and_mode (fd, meta) || futimens (fd, times) < 0)
    return quilt_writer_set_error (error, errno, path);
  return TRUE;
}

static gboolean
set_meta_at (
    int parent_fd, const char *name, const char *path, const QuiltWriterMeta *meta, GError **error)
{
  struct timespec times[] = {meta->mtime, meta->mtime};

  if (fchownat (parent_fd, name, meta->uid, meta->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
      utimensat (parent_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
    return quilt_writer_set_error (error, errno, path);
  return TRUE;
}

static int
make_symlink (int parent_fd, const char *name, gconstpointer what)
{
  return symlinkat (what, parent_fd, name);
}

gboolean
quilt_writer_symlink (QuiltWriter *writer,
                      const char *path,
                      const char *target,
                      const QuiltWriterMeta *meta,
                      GError **error)
{
  const char *name;
  int parent_fd;

  return make (writer, path, make_symlink, target, &parent_fd, &name, error) &&
         set_meta_at (parent_fd, name, path, meta, error);
}

static int
make_fifo (int parent_fd, const char *name, gconstpointer what)
{
  const QuiltWriterMeta *meta = what;

  return mkfifoat (parent_fd, name, meta->mode & 0777);
}

gboolean
quilt_writer_fifo (QuiltWriter *writer,
                   const char *path,
                   const QuiltWriterMeta *meta,
                   GError **error)
{
  const char *name;
  int parent_fd;

  if (!make (writer, path, make_fifo, meta, &parent_fd, &name, error) ||
      !set_meta_at (parent_fd, name, path, meta, error))
    return FALSE;
  /* This call follows links. But no other process writes here, and we just made this name a
   * FIFO. */
  if (fchmodat (parent_fd, name, meta->mode, 0) < 0)
    return quilt_writer_set_error (error, errno, path);
  return TRUE;
}

typedef struct {
  int parent_fd;
  const char *name;
  struct stat st;
} LinkTarget;

static int
make_hardlink (int parent_fd, const char *name, gconstpointer what)
{
  const LinkTarget *target = what;
  struct stat st;

  /* A link to itself must not be removed to make room for it. */
  if (fstatat (parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == target->st.st_dev &&
      st.st_ino == target->st.st_ino)
    return 0;
  return linkat (target->parent_fd, target->name, parent_fd, name, 0);
}

gboolean
quilt_writer_hardlink (QuiltWriter *writer, const char *path, const char *target, GError **error)
{
  g_autofree char *parent = NULL;
  LinkTarget plan = {.name = split (target, &parent)};
  g_autofd int fd = -1;
  const char *name;
  int parent_fd;

  /* Don't take it from the cache, which may be emptied for path. */
  fd =
      *parent ? open_directory (writer, parent) : openat (writer->root_fd, ".", O_PATH | O_CLOEXEC);
  if (!*target || fd < 0 || fstatat (fd, plan.name, &plan.st, AT_SYMLINK_NOFOLLOW) < 0 ||
      S_ISDIR (plan.st.st_mode)) {
    g_autofree char *quoted = quilt_text_quote (path);
    g_autofree char *quoted_target = quilt_text_quote (target);

    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE,
                 "Failed to unpack '%s': it is a hard link to '%s', which is not an earlier file "
                 "in the archive",
                 quoted, quoted_target);
    return FALSE;
  }
  plan.parent_fd = fd;
  return make (writer, path, make_hardlink, &plan, &parent_fd, &name, error);
}

gboolean
quilt_writer_remove (QuiltWriter *writer, const char *path, GError **error)
{
  g_autofree char *parent = NULL;
  const char *name = split (path, &parent);
  g_autofd int fd = *parent ? open_directory (writer, parent) : dup (writer->root_fd);
  struct stat st;

  if (!*name || fd < 0 || fstatat (fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return TRUE;
  g_hash_table_remove_all (writer->directories);
  return quilt_tree_remove (fd, name, error);
}

gboolean
quilt_writer_finish (QuiltWriter *writer, GError **error)
{
  for (guint i = 0; i < writer->times->len; i++) {
    const DirectoryTime *entry = g_ptr_array_index (writer->times, i);
    struct timespec times[] = {entry->mtime, entry->mtime};
    const char *name = ".";
    int fd = writer->root_fd;

    if (*entry->path)
      fd = open_parent (writer, entry->path, &name, error);
    if (fd < 0)
      return FALSE;
    /* Something else may have replaced the directory since. Ignore that. */
    if (utimensat (fd, name, times, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
      return quilt_writer_set_error (error, errno, entry->path);
  }
  return TRUE;
}
