/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One directory of a container's image, in all layers that have it. */
#include "look/lowers.h"

#include "base/beneath.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The limit for links in a path, the same as the kernel's. */
#define LINKS_MAX 40

const QuiltOverlayAttributes quilt_overlay_user = {"user.overlay.opaque", "user.overlay.redirect"};
const QuiltOverlayAttributes quilt_overlay_trusted = {"trusted.overlay.opaque",
                                                      "trusted.overlay.redirect"};

gboolean
quilt_overlay_is_opaque (int dir_fd, const QuiltOverlayAttributes *attributes)
{
  char value;

  return fgetxattr (dir_fd, attributes->opaque, &value, 1) == 1 && value == 'y';
}

gboolean
quilt_overlay_is_redirected (int dir_fd, const QuiltOverlayAttributes *attributes)
{
  return fgetxattr (dir_fd, attributes->redirect, NULL, 0) > 0;
}

gboolean
quilt_overlay_is_whiteout (const struct stat *st)
{
  return S_ISCHR (st->st_mode) && st->st_rdev == makedev (0, 0);
}

GArray *
quilt_lowers_new (void)
{
  GArray *lowers = g_array_new (FALSE, FALSE, sizeof (int));

  g_array_set_clear_func (lowers, (GDestroyNotify)quilt_fd_clear);
  return lowers;
}

gboolean
quilt_lowers_find (const GArray *lowers,
                   const char *name,
                   const QuiltOverlayAttributes *attributes,
                   struct stat *ret_st,
                   GArray **ret_below)
{
  g_autoptr (GArray) below = NULL;

  for (guint i = 0; lowers && i < lowers->len; i++) {
    const int dir_fd = g_array_index (lowers, int, i);
    struct stat st;
    int fd;

    if (fstatat (dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
      if (errno == ENOENT)
        continue;
      return FALSE;
    }
    if (quilt_overlay_is_whiteout (&st))
      break;
    if (!S_ISDIR (st.st_mode)) {
      if (!below)
        *ret_st = st;
      *ret_below = g_steal_pointer (&below);
      return TRUE;
    }
    fd = openat (dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
      return FALSE;
    if (!below) {
      *ret_st = st;
      below = quilt_lowers_new ();
    }
    g_array_append_val (below, fd);
    if (quilt_overlay_is_opaque (fd, attributes))
      break;
  }
  errno = 0;
  *ret_below = g_steal_pointer (&below);
  return *ret_below != NULL;
}

/* Reads the link at path, whose parents are not links. Returns NULL if it is not a link. */
static char *
read_link (const GArray *lowers, const char *path)
{
  g_autofree char *parent = g_path_get_dirname (path + 1);
  g_autofree char *name = g_path_get_basename (path);
  char target[PATH_MAX];

  for (guint i = 0; i < lowers->len; i++) {
    g_autofd int fd =
        quilt_open_beneath (g_array_index (lowers, int, i), parent, O_PATH | O_DIRECTORY, 0);
    struct stat st;
    ssize_t n;

    if (fd < 0 || fstatat (fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
      continue;
    n = S_ISLNK (st.st_mode) ? readlinkat (fd, name, target, sizeof target) : 0;
    return n > 0 && n < (ssize_t)sizeof target ? g_strndup (target, (gsize)n) : NULL;
  }
  return NULL;
}

/* Adds one part to path, or removes the last one. */
static void
step (GString *path, const char *part)
{
  const char *slash = strrchr (path->str, '/');

  if (strcmp (part, "..") != 0)
    g_string_append_printf (path, "/%s", part);
  else if (slash)
    g_string_truncate (path, (gsize)(slash - path->str));
}

char *
quilt_lowers_resolve (const GArray *lowers, const char *path)
{
  g_autoptr (GString) done = g_string_new (NULL);
  g_autofree char *rest = g_strdup (path);
  guint links = 0;

  while (*rest) {
    const gsize start = strspn (rest, "/"), length = strcspn (rest + start, "/");
    g_autofree char *part = g_strndup (rest + start, length);
    g_autofree char *after = g_strdup (rest + start + length);
    g_autofree char *target = NULL;
    const gsize before = done->len;

    if (*part && strcmp (part, ".") != 0)
      step (done, part);
    if (done->len > before)
      target = read_link (lowers, done->str);
    if (target && ++links > LINKS_MAX)
      return NULL;
    if (target)
      g_string_truncate (done, *target == '/' ? 0 : before);
    g_free (rest);
    rest = target ? g_strconcat (target, "/", after, NULL) : g_steal_pointer (&after);
  }
  return g_string_free (g_steal_pointer (&done), FALSE);
}
