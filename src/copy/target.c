/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the file that a path in the container means. */
#include "copy/target.h"

#include "base/beneath.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX 40

void
quilt_copy_target_clear (QuiltCopyTarget *target)
{
  quilt_fd_clear (&target->parent_fd);
  g_clear_pointer (&target->name, g_free);
}

static gboolean
fail (const char *path, int errsv, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (path);

  if (errsv == ENOENT)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND,
                 "Failed to open '%s' in the container: %s", quoted, g_strerror (errsv));
  else if (errsv == ENOTDIR || errsv == ELOOP || errsv == ENAMETOOLONG || errsv == EXDEV)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to open '%s' in the container: %s", quoted, g_strerror (errsv));
  else
    quilt_set_error_errno (error, errsv, "Failed to open '%s' in the container", quoted);
  return FALSE;
}

gboolean
quilt_copy_target_set_missing (const char *path, GError **error)
{
  return fail (path, ENOENT, error);
}

/* The length of path without the slashes at its end. */
static gsize
length_without_slashes (const char *path)
{
  gsize length = strlen (path);

  while (length > 0 && path[length - 1] == '/')
    length--;
  return length;
}

static gboolean
is_dots (const char *name)
{
  return *name == '\0' || strcmp (name, ".") == 0 || strcmp (name, "..") == 0;
}

/* Splits path into a directory and a name. Returns FALSE if there is no name. */
static gboolean
split (const char *path, char **ret_parent, char **ret_name)
{
  g_autofree char *plain = g_strndup (path, length_without_slashes (path));
  char *slash = strrchr (plain, '/');
  const char *name = slash ? slash + 1 : plain;

  if (is_dots (name))
    return FALSE;
  *ret_name = g_strdup (name);
  *ret_parent = slash ? g_strndup (plain, (gsize)(slash - plain) + 1) : g_strdup ("/");
  return TRUE;
}

static gboolean
open_directory (int root_fd, const char *path, QuiltCopyTarget *target)
{
  target->parent_fd = quilt_open_in_root (root_fd, *path ? path : "/", O_PATH | O_DIRECTORY, 0);
  target->name = g_strdup (".");
  target->exists = target->is_directory = TRUE;
  return target->parent_fd >= 0 && fstat (target->parent_fd, &target->st) == 0;
}

/* Looks at one path. *ret_next is the path that a link leads to, or NULL. Returns FALSE with errno
 * set. */
static gboolean
look (int root_fd, const char *path, QuiltCopyTarget *target, char **ret_next)
{
  g_autofree char *parent = NULL;
  char link[PATH_MAX];
  g_autofd int fd = -1;
  ssize_t n;

  if (!split (path, &parent, &target->name))
    return open_directory (root_fd, path, target);
  target->parent_fd = quilt_open_in_root (root_fd, parent, O_PATH | O_DIRECTORY, 0);
  if (target->parent_fd < 0)
    return FALSE;
  fd = openat (target->parent_fd, target->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT;
  if (fstat (fd, &target->st) < 0)
    return FALSE;
  target->exists = TRUE;
  target->is_directory = S_ISDIR (target->st.st_mode);
  if (!S_ISLNK (target->st.st_mode))
    return TRUE;
  n = readlinkat (fd, "", link, sizeof link - 1);
  if (n <= 0)
    return FALSE;
  link[n] = '\0';
  *ret_next = link[0] == '/' ? g_strdup (link) : g_strconcat (parent, link, NULL);
  return TRUE;
}

gboolean
quilt_copy_target_find (int root_fd, const char *path, QuiltCopyTarget *ret_target, GError **error)
{
  g_auto (QuiltCopyTarget) target = {.parent_fd = -1};
  g_autofree char *at = g_strdup (path);
  const gsize length = strlen (path);
  const gboolean ends = length == 0 || path[length - 1] == '/' || g_str_has_suffix (path, "/.");

  for (guint links = 0;; links++) {
    g_autofree char *next = NULL;

    quilt_copy_target_clear (&target);
    target = (QuiltCopyTarget){.parent_fd = -1};
    if (!look (root_fd, at, &target, &next))
      return fail (path, errno, error);
    if (!next)
      break;
    if (links == LINKS_MAX)
      return fail (path, ELOOP, error);
    g_free (at);
    at = g_steal_pointer (&next);
  }
  target.must_be_directory = ends;
  if (ends && target.exists && !target.is_directory)
    return fail (path, ENOTDIR, error);
  *ret_target = target;
  target = (QuiltCopyTarget){.parent_fd = -1};
  return TRUE;
}
