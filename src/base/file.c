/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Replaces state files atomically, and removes trees. */
#include "base/file.h"

#include "base/beneath.h"
#include "base/error.h"
#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
write_file (int fd, const void *data, gsize length, QuiltFileSync sync)
{
  return quilt_fd_write_all (fd, data, length) && (sync == QUILT_FILE_VOLATILE || fsync (fd) == 0);
}

gboolean
quilt_file_replace (int dir_fd,
                    const char *name,
                    const void *data,
                    gsize length,
                    QuiltFileSync sync,
                    GError **error)
{
  g_autofree char *temporary = g_strdup_printf (".%s.tmp", name);
  g_autofd int fd = -1;

  fd = openat (dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to create '%s'", temporary);
  if (!write_file (fd, data, length, sync) || renameat (dir_fd, temporary, dir_fd, name) < 0) {
    quilt_set_error_errno (error, errno, "Failed to write '%s'", name);
    unlinkat (dir_fd, temporary, 0);
    return FALSE;
  }
  if (sync == QUILT_FILE_DURABLE && fsync (dir_fd) < 0)
    return quilt_set_error_errno (error, errno, "Failed to sync the directory of '%s'", name);
  return TRUE;
}

static gboolean
read_up_to (int fd, GByteArray *array, gsize size, gsize *ret_length)
{
  gsize length = 0;

  g_byte_array_set_size (array, (guint)size);
  while (length < size) {
    ssize_t n = read (fd, array->data + length, size - length);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return FALSE;
    if (n == 0)
      break;
    length += (gsize)n;
  }
  *ret_length = length;
  return TRUE;
}

GBytes *
quilt_file_read (int dir_fd, const char *name, gsize max, GError **error)
{
  g_autoptr (GByteArray) array = g_byte_array_new ();
  g_autofd int fd = -1;
  struct stat st;
  gsize length;

  /* O_NONBLOCK: a FIFO in place of the file must not block us. */
  fd = quilt_open_beneath (dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  if (fd < 0 && errno == ENOENT) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND, "Failed to open '%s': No such file",
                 name);
    return NULL;
  }
  if (fd < 0 || fstat (fd, &st) < 0) {
    quilt_set_error_errno (error, errno, "Failed to open '%s'", name);
    return NULL;
  }
  if (!S_ISREG (st.st_mode) || (guint64)st.st_size > max) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "Failed to read '%s': not a regular file of at most %" G_GSIZE_FORMAT " bytes",
                 name, max);
    return NULL;
  }
  if (!read_up_to (fd, array, (gsize)st.st_size, &length)) {
    quilt_set_error_errno (error, errno, "Failed to read '%s'", name);
    return NULL;
  }
  g_byte_array_set_size (array, (guint)length);
  return g_byte_array_free_to_bytes (g_steal_pointer (&array));
}

int
quilt_dir_open (int dir_fd, const char *name, GError **error)
{
  int fd = quilt_open_beneath (dir_fd, name, O_RDONLY | O_DIRECTORY, 0);

  if (fd < 0 && errno == ENOENT)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND,
                 "Failed to open directory '%s': No such directory", name);
  else if (fd < 0)
    quilt_set_error_errno (error, errno, "Failed to open directory '%s'", name);
  return fd;
}

int
quilt_dir_ensure (int dir_fd, const char *name, GError **error)
{
  if (mkdirat (dir_fd, name, 0700) < 0 && errno != EEXIST) {
    quilt_set_error_errno (error, errno, "Failed to create directory '%s'", name);
    return -1;
  }
  return quilt_dir_open (dir_fd, name, error);
}

static gboolean
is_dot (const char *name)
{
  return strcmp (name, ".") == 0 || strcmp (name, "..") == 0;
}

/* Two processes may remove the same tree: a cancelled helper, and a quiltd that found the helper's
 * leftovers. */
static gboolean
is_removed (int r)
{
  return r == 0 || errno == ENOENT;
}

/* Empties one directory: unlinks everything but subdirectories, and moves each subdirectory to
 * top_fd under a new name. So the recursion needs two levels and paths of one component, even if a
 * hostile archive is very deep. */
static gboolean
flatten (int top_fd, DIR *dir, guint64 *serial)
{
  struct dirent *entry;
  char name[32];
  int r;

  while ((errno = 0, entry = readdir (dir)) != NULL) {
    if (is_dot (entry->d_name) || is_removed (unlinkat (dirfd (dir), entry->d_name, 0)))
      continue;
    if (errno != EISDIR)
      return FALSE;
    if (is_removed (unlinkat (dirfd (dir), entry->d_name, AT_REMOVEDIR)))
      continue;
    do {
      g_snprintf (name, sizeof name, ".%" G_GINT64_MODIFIER "x", (*serial)++);
      r = renameat2 (dirfd (dir), entry->d_name, top_fd, name, RENAME_NOREPLACE);
    } while (r < 0 && errno == EEXIST);
    if (!is_removed (r))
      return FALSE; /* EBUSY: a mount, which we must not remove */
  }
  return errno == 0 || errno == ENOENT;
}

static gboolean
empty_child (int top_fd, const char *name, guint64 *serial)
{
  g_autofd int fd = quilt_open_beneath (top_fd, name, O_RDONLY | O_DIRECTORY, 0);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  gboolean ok;

  if (!dir)
    return errno == ENOENT;
  g_steal_fd (&fd);
  ok = flatten (top_fd, dir, serial);
  closedir (dir);
  return ok && is_removed (unlinkat (top_fd, name, AT_REMOVEDIR));
}

/* One pass over the children of top_fd. */
static gboolean
empty_top (int top_fd, DIR *top, guint64 *serial, gboolean *ret_found)
{
  struct dirent *entry;

  *ret_found = FALSE;
  rewinddir (top);
  while ((errno = 0, entry = readdir (top)) != NULL) {
    if (is_dot (entry->d_name))
      continue;
    *ret_found = TRUE;
    if (is_removed (unlinkat (top_fd, entry->d_name, 0)) ||
        is_removed (unlinkat (top_fd, entry->d_name, AT_REMOVEDIR)))
      continue;
    if (errno != ENOTEMPTY || !empty_child (top_fd, entry->d_name, serial))
      return FALSE;
  }
  return errno == 0 || errno == ENOENT;
}

gboolean
quilt_tree_remove (int dir_fd, const char *name, GError **error)
{
  g_autoptr (GError) why = NULL;
  g_autofd int fd = -1;
  DIR *top;
  guint64 serial = 0;
  gboolean found = TRUE;
  gboolean ok;

  if (unlinkat (dir_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
    return TRUE;
  if (errno == ENOTDIR && unlinkat (dir_fd, name, 0) == 0)
    return TRUE;
  fd = quilt_dir_open (dir_fd, name, &why);
  if (g_error_matches (why, QUILT_ERROR, QUILT_ERROR_NOT_FOUND))
    return TRUE;
  if (fd < 0) {
    g_propagate_error (error, g_steal_pointer (&why));
    return FALSE;
  }
  top = fdopendir (fd);
  if (!top)
    return quilt_set_error_errno (error, errno, "Failed to read directory '%s'", name);
  g_steal_fd (&fd); /* top owns the descriptor now */
  do
    ok = empty_top (dirfd (top), top, &serial, &found);
  while (ok && found);
  if (!ok)
    quilt_set_error_errno (error, errno, "Failed to remove what is in '%s'", name);
  closedir (top);
  if (ok && !is_removed (unlinkat (dir_fd, name, AT_REMOVEDIR)))
    return quilt_set_error_errno (error, errno, "Failed to remove '%s'", name);
  return ok;
}
