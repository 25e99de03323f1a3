/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes files below one directory, in which other processes may work too. */
#include "tar/maker.h"

#include "base/beneath.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define TRIES_MAX 16
/* Limit of the memory for directories, which are completed at the end. */
#define MADE_BYTES_MAX (256 * 1024 * 1024)

struct _QuiltMaker {
  int dir_fd;
  gboolean overwrite;
  QuiltMakerMeta implied; /* of directories that no entry names */
  char *parent;           /* path of the directory that is open; NULL: none */
  int parent_fd;
  GPtrArray *made; /* of Made, a directory after those that it is in */
  gsize made_bytes;
  guint64 number; /* of the next temporary name */
};

typedef struct {
  QuiltMakerMeta meta;
  dev_t device;
  ino_t inode;
  char path[];
} Made;

QuiltMaker *
quilt_maker_new (int dir_fd, gboolean overwrite, uid_t uid, gid_t gid)
{
  QuiltMaker *maker = g_new0 (QuiltMaker, 1);

  maker->dir_fd = dir_fd;
  maker->overwrite = overwrite;
  maker->implied = (QuiltMakerMeta){.mode = 0755, .uid = uid, .gid = gid};
  maker->parent_fd = -1;
  /* Not GLib's random numbers, which come from the file /dev/urandom: it may be the container's. */
  if (getrandom (&maker->number, sizeof maker->number, GRND_NONBLOCK) < 0)
    maker->number = (guint64)g_get_monotonic_time ();
  maker->made = g_ptr_array_new_with_free_func (g_free);
  return maker;
}

static void
forget_parent (QuiltMaker *maker)
{
  quilt_fd_clear (&maker->parent_fd);
  g_clear_pointer (&maker->parent, g_free);
}

void
quilt_maker_free (QuiltMaker *maker)
{
  if (!maker)
    return;
  forget_parent (maker);
  g_ptr_array_unref (maker->made);
  g_free (maker);
}

gboolean
quilt_maker_set_error (GError **error, int errsv, const char *path)
{
  g_autofree char *quoted = quilt_text_quote (path);

  if (errsv == EBUSY) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to unpack '%s': a mount is in the way", quoted);
    return FALSE;
  }
  if (errsv == ENOTDIR || errsv == ELOOP) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_EXISTS,
                 "Failed to unpack '%s': a part of its path is a link or a file, not a directory",
                 quoted);
    return FALSE;
  }
  return quilt_set_error_errno (error, errsv, "Failed to unpack '%s'", quoted);
}

static gboolean
refuse (GError **error, QuiltError code, const char *path, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (path);

  g_set_error (error, QUILT_ERROR, code, "Failed to unpack '%s': %s", quoted, why);
  return FALSE;
}

static gboolean
set_owner (int fd, const char *path, const QuiltMakerMeta *meta, GError **error)
{
  g_autofree char *quoted = NULL;

  if ((meta->uid == (uid_t)-1 && meta->gid == (gid_t)-1) ||
      fchownat (fd, "", meta->uid, meta->gid, AT_EMPTY_PATH) == 0)
    return TRUE;
  if (errno != EINVAL)
    return quilt_maker_set_error (error, errno, path);
  quoted = quilt_text_quote (path);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to unpack '%s': the container has no ids for its owner, %u:%u; copy it "
               "without --archive",
               quoted, (guint)meta->uid, (guint)meta->gid);
  return FALSE;
}

gboolean
quilt_maker_set_meta (int fd, const char *path, const QuiltMakerMeta *meta, GError **error)
{
  const struct timespec times[] = {meta->mtime, meta->mtime};

  /* A change of the owner clears setuid and setgid, so the mode comes second. */
  return set_owner (fd, path, meta, error) &&
         ((fchmod (fd, meta->mode) == 0 && futimens (fd, times) == 0) ||
          quilt_maker_set_error (error, errno, path));
}

static gboolean
remember (QuiltMaker *maker,
          const char *path,
          const struct stat *st,
          const QuiltMakerMeta *meta,
          GError **error)
{
  const gsize length = strlen (path) + 1;
  Made *made;

  maker->made_bytes += sizeof *made + length;
  if (maker->made_bytes > MADE_BYTES_MAX)
    return refuse (error, QUILT_ERROR_QUOTA_EXCEEDED, path, "there are too many directories");
  made = g_malloc (sizeof *made + length);
  made->meta = *meta;
  made->device = st->st_dev;
  made->inode = st->st_ino;
  memcpy (made->path, path, length);
  g_ptr_array_add (maker->made, made);
  return TRUE;
}

/* Opens the directory that was just made, and gives it its owner. Its mode stays 0700 until the
 * end, since it may be one that keeps us from making files in it. */
static int
adopt_directory (QuiltMaker *maker,
                 int parent_fd,
                 const char *name,
                 const char *path,
                 const QuiltMakerMeta *meta,
                 GError **error)
{
  g_autofd int fd = openat (parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat st;

  if (fd < 0 || fstat (fd, &st) < 0) {
    quilt_maker_set_error (error, errno, path);
    return -1;
  }
  if (!set_owner (fd, path, meta, error) || !remember (maker, path, &st, meta, error))
    return -1;
  return g_steal_fd (&fd);
}

/* Opens a directory, and makes it if it is missing. */
static int
ensure_directory (
    QuiltMaker *maker, int parent_fd, const char *name, const char *path, GError **error)
{
  int fd = -1;

  if (mkdirat (parent_fd, name, 0700) == 0)
    return adopt_directory (maker, parent_fd, name, path, &maker->implied, error);
  if (errno == EEXIST)
    fd = openat (parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    quilt_maker_set_error (error, errno, path);
  return fd;
}

/* Makes the missing directories of path, one after the other, and opens the last. */
static int
make_parents (QuiltMaker *maker, const char *path, GError **error)
{
  g_autofree char *prefix = g_strdup (path);
  g_autofd int fd = openat (maker->dir_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    quilt_maker_set_error (error, errno, path);
  for (char *name = prefix, *slash; fd >= 0 && name; name = slash ? slash + 1 : NULL) {
    int next;

    slash = strchr (name, '/');
    if (slash)
      *slash = '\0';
    next = ensure_directory (maker, fd, name, prefix, error);
    quilt_fd_clear (&fd);
    fd = next;
    if (slash)
      *slash = '/';
  }
  return g_steal_fd (&fd);
}

/* Returns the directory of path, which the maker owns, and the last name. */
static int
open_parent (QuiltMaker *maker, const char *path, const char **ret_name, GError **error)
{
  const char *slash = strrchr (path, '/');
  g_autofree char *parent = slash ? g_strndup (path, (gsize)(slash - path)) : NULL;

  *ret_name = slash ? slash + 1 : path;
  if (!parent)
    return maker->dir_fd;
  if (g_strcmp0 (parent, maker->parent) == 0)
    return maker->parent_fd;
  forget_parent (maker);
  maker->parent_fd = quilt_open_beneath (maker->dir_fd, parent, O_PATH | O_DIRECTORY, 0);
  if (maker->parent_fd < 0 && errno == ENOENT)
    maker->parent_fd = make_parents (maker, parent, error);
  else if (maker->parent_fd < 0)
    quilt_maker_set_error (error, errno, path);
  if (maker->parent_fd >= 0)
    maker->parent = g_steal_pointer (&parent);
  return maker->parent_fd;
}

/* Makes room for something that is not a directory. Files and links are replaced later, by a
 * rename. */
static gboolean
make_room (QuiltMaker *maker, int parent_fd, const char *name, const char *path, GError **error)
{
  struct stat st;

  if (fstatat (parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return errno == ENOENT || quilt_maker_set_error (error, errno, path);
  if (S_ISCHR (st.st_mode) || S_ISBLK (st.st_mode))
    return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, path, "a device node is in its place");
  if (!S_ISDIR (st.st_mode))
    return TRUE;
  if (!maker->overwrite)
    return refuse (error, QUILT_ERROR_EXISTS, path,
                   "a directory is in its place; --overwrite would replace it");
  if (parent_fd == maker->dir_fd)
    forget_parent (maker); /* the open directory may be in the one that goes */
  return quilt_tree_remove (parent_fd, name, error);
}

gboolean
quilt_maker_directory (
    QuiltMaker *maker, const char *path, const QuiltMakerMeta *meta, int *ret_fd, GError **error)
{
  const char *name;
  int parent_fd = open_parent (maker, path, &name, error);
  struct stat st;

  if (parent_fd < 0)
    return FALSE;
  if (mkdirat (parent_fd, name, 0700) < 0) {
    if (errno != EEXIST || fstatat (parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
      return quilt_maker_set_error (error, errno, path);
    if (S_ISDIR (st.st_mode))
      return TRUE;
    if (!maker->overwrite || S_ISCHR (st.st_mode) || S_ISBLK (st.st_mode))
      return refuse (error, QUILT_ERROR_EXISTS, path,
                     "a file or a link is in its place; --overwrite would replace it");
    if (unlinkat (parent_fd, name, 0) < 0 || mkdirat (parent_fd, name, 0700) < 0)
      return quilt_maker_set_error (error, errno, path);
  }
  *ret_fd = adopt_directory (maker, parent_fd, name, path, meta, error);
  return *ret_fd >= 0;
}

/* The numbers begin at random, so that two copies into one directory rarely meet. */
static void
invent_name (QuiltMaker *maker, char *ret_name, gsize size)
{
  g_snprintf (ret_name, size, ".quilt-copy-%016" G_GINT64_MODIFIER "x", maker->number++);
}

gboolean
quilt_maker_file (QuiltMaker *maker, const char *path, QuiltMakerFile *ret_file, GError **error)
{
  QuiltMakerFile file = QUILT_MAKER_FILE_NONE;

  file.parent_fd = open_parent (maker, path, &file.name, error);
  if (file.parent_fd < 0)
    return FALSE;
  for (guint i = 0; file.fd < 0 && i < TRIES_MAX; i++) {
    invent_name (maker, file.temporary, sizeof file.temporary);
    file.fd = openat (file.parent_fd, file.temporary,
                      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file.fd < 0 && errno != EEXIST)
      break;
  }
  if (file.fd < 0)
    return quilt_maker_set_error (error, errno, path);
  *ret_file = file;
  return TRUE;
}

/* Gives a file its name. Most names are free, so look only if one is not. */
static gboolean
put (QuiltMaker *maker,
     int parent_fd,
     const char *temporary,
     const char *name,
     const char *path,
     GError **error)
{
  gboolean ok = renameat2 (parent_fd, temporary, parent_fd, name, RENAME_NOREPLACE) == 0;

  if (ok)
    return TRUE;
  if (errno == EEXIST || errno == EINVAL) /* EINVAL: the file system does not know the flag */
    ok = make_room (maker, parent_fd, name, path, error) &&
         (renameat (parent_fd, temporary, parent_fd, name) == 0 ||
          quilt_maker_set_error (error, errno, path));
  else
    quilt_maker_set_error (error, errno, path);
  if (!ok)
    unlinkat (parent_fd, temporary, 0);
  return ok;
}

gboolean
quilt_maker_file_done (
    QuiltMaker *maker, QuiltMakerFile *file, const char *path, gboolean keep, GError **error)
{
  quilt_fd_clear (&file->fd);
  if (keep)
    return put (maker, file->parent_fd, file->temporary, file->name, path, error);
  unlinkat (file->parent_fd, file->temporary, 0);
  return TRUE;
}

/* Sets the owner and times of what was just made, unless another process has replaced it: a file of
 * another type, or one with another name. */
static gboolean
adopt (int parent_fd,
       const char *name,
       mode_t type,
       const char *path,
       const QuiltMakerMeta *meta,
       GError **error)
{
  const struct timespec times[] = {meta->mtime, meta->mtime};
  g_autofd int fd = openat (parent_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat st;

  if (fd < 0 || fstat (fd, &st) < 0)
    return quilt_maker_set_error (error, errno, path);
  if ((st.st_mode & S_IFMT) != type || st.st_nlink != 1)
    return refuse (error, QUILT_ERROR_BUSY, path, "another process is changing it");
  return set_owner (fd, path, meta, error) && (utimensat (fd, "", times, AT_EMPTY_PATH) == 0 ||
                                               quilt_maker_set_error (error, errno, path));
}

/* Makes a file without content under a temporary name. Returns 0, or -1 with errno set. */
typedef int (*MakeFunc) (int parent_fd, const char *name, gconstpointer what);

static gboolean
make (QuiltMaker *maker,
      const char *path,
      MakeFunc func,
      gconstpointer what,
      mode_t type,
      const QuiltMakerMeta *meta,
      GError **error)
{
  const char *name;
  char temporary[32];
  int parent_fd = open_parent (maker, path, &name, error);

  if (parent_fd < 0)
    return FALSE;
  invent_name (maker, temporary, sizeof temporary);
  if (func (parent_fd, temporary, what) < 0)
    return quilt_maker_set_error (error, errno, path);
  if (meta && !adopt (parent_fd, temporary, type, path, meta, error)) {
    unlinkat (parent_fd, temporary, 0);
    return FALSE;
  }
  if (!put (maker, parent_fd, temporary, name, path, error))
    return FALSE;
  /* A rename from one link of a file to another does nothing. */
  if (type == S_IFREG)
    unlinkat (parent_fd, temporary, 0);
  return TRUE;
}

static int
make_symlink (int parent_fd, const char *name, gconstpointer what)
{
  return symlinkat (what, parent_fd, name);
}

gboolean
quilt_maker_symlink (QuiltMaker *maker,
                     const char *path,
                     const char *target,
                     const QuiltMakerMeta *meta,
                     GError **error)
{
  return make (maker, path, make_symlink, target, S_IFLNK, meta, error);
}

static int
make_fifo (int parent_fd, const char *name, gconstpointer what)
{
  const QuiltMakerMeta *meta = what;

  return mkfifoat (parent_fd, name, meta->mode & 0777);
}

gboolean
quilt_maker_fifo (QuiltMaker *maker, const char *path, const QuiltMakerMeta *meta, GError **error)
{
  return make (maker, path, make_fifo, meta, S_IFIFO, meta, error);
}

typedef struct {
  int parent_fd;
  const char *name;
} LinkTarget;

static int
make_hardlink (int parent_fd, const char *name, gconstpointer what)
{
  const LinkTarget *target = what;

  return linkat (target->parent_fd, target->name, parent_fd, name, 0);
}

gboolean
quilt_maker_hardlink (QuiltMaker *maker, const char *path, const char *target, GError **error)
{
  const char *slash = strrchr (target, '/');
  g_autofree char *parent = slash ? g_strndup (target, (gsize)(slash - target)) : g_strdup (".");
  g_autofd int fd = quilt_open_beneath (maker->dir_fd, parent, O_PATH | O_DIRECTORY, 0);
  const LinkTarget what = {fd, slash ? slash + 1 : target};
  struct stat st;

  if (!*target || fd < 0 || fstatat (fd, what.name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
      !S_ISREG (st.st_mode))
    return refuse (error, QUILT_ERROR_BAD_ARCHIVE, path,
                   "it is a hard link to a file that is not earlier in the archive");
  return make (maker, path, make_hardlink, &what, S_IFREG, NULL, error);
}

/* Later entries may have replaced the directory, or another process: then it is left alone. */
static gboolean
finish_directory (const QuiltMaker *maker, const Made *made, GError **error)
{
  const struct timespec times[] = {made->meta.mtime, made->meta.mtime};
  g_autofd int fd = quilt_open_beneath (maker->dir_fd, made->path, O_RDONLY | O_DIRECTORY, 0);
  struct stat st;

  if (fd < 0 || fstat (fd, &st) < 0 || st.st_dev != made->device || st.st_ino != made->inode)
    return TRUE;
  return (fchmod (fd, made->meta.mode) == 0 &&
          (made->meta.mtime.tv_sec == 0 || futimens (fd, times) == 0)) ||
         quilt_maker_set_error (error, errno, made->path);
}

gboolean
quilt_maker_finish (QuiltMaker *maker, GError **error)
{
  for (guint i = maker->made->len; i > 0; i--)
    if (!finish_directory (maker, maker->made->pdata[i - 1], error))
      return FALSE;
  return TRUE;
}
