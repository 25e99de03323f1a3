/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the unified cgroup hierarchy is, and who is where in it: cgroups(7). */
#include "base/cgroupfs.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MARK "user.quilt.id"
#define MARK_MAX 64

char *
quilt_cgroupfs_parse_self (const char *text)
{
  const char *line = text;

  while (line) {
    if (g_str_has_prefix (line, "0::/"))
      return g_strndup (line + 3, strcspn (line + 3, "\n"));
    line = strchr (line, '\n');
    line = line ? line + 1 : NULL;
  }
  return NULL;
}

char *
quilt_cgroupfs_parse_mountinfo (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i]; i++) {
    const char *type = strstr (lines[i], " - ");
    g_auto (GStrv) fields = g_strsplit (lines[i], " ", 6);

    if (type && g_str_has_prefix (type, " - cgroup2 ") && g_strv_length (fields) == 6 &&
        strcmp (fields[3], "/") == 0)
      return g_strcompress (fields[4]); /* blanks are octal there; see proc(5) */
  }
  return NULL;
}

static int
open_cgroup2 (const char *path)
{
  g_autofd int fd = open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  struct statfs fs;

  if (fd < 0 || fstatfs (fd, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
    return -1;
  return g_steal_fd (&fd);
}

/* systemd mounts it in one of two places; the table of mounts, which may be long, is read only when
 * it is in neither. */
int
quilt_cgroupfs_open_root (void)
{
  g_autofree char *text = NULL;
  g_autofree char *path = NULL;
  int fd = open_cgroup2 ("/sys/fs/cgroup");

  if (fd < 0)
    fd = open_cgroup2 ("/sys/fs/cgroup/unified");
  if (fd >= 0 || !g_file_get_contents ("/proc/self/mountinfo", &text, NULL, NULL))
    return fd;
  path = quilt_cgroupfs_parse_mountinfo (text);
  return path ? open_cgroup2 (path) : -1;
}

gboolean
quilt_cgroupfs_mark (int fd, const char *id, GError **error)
{
  return fsetxattr (fd, MARK, id, strlen (id), 0) == 0 ||
         quilt_set_error_errno (error, errno, "Failed to mark the container's cgroup as Quilt's");
}

char *
quilt_cgroupfs_get_mark (int fd)
{
  char id[MARK_MAX];
  ssize_t n = fgetxattr (fd, MARK, id, sizeof id);

  if (n > 0)
    return g_strndup (id, (gsize)n);
  if (n == 0 || errno == ERANGE || errno == ENOTSUP)
    errno = ENODATA;
  return NULL;
}

gboolean
quilt_cgroupfs_is_gone (int errsv)
{
  return errsv == ENOENT || errsv == ENODEV;
}

int
quilt_cgroupfs_is_populated (int fd)
{
  g_autofd int events_fd = openat (fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
  char text[256];
  ssize_t n = events_fd >= 0 ? read (events_fd, text, sizeof text - 1) : -1;

  if (n < 0)
    return quilt_cgroupfs_is_gone (errno) ? 0 : -1;
  text[n] = '\0';
  if (strstr (text, "populated 1"))
    return 1;
  return strstr (text, "populated 0") ? 0 : (errno = EIO, -1);
}
