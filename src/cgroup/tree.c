/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mount point of the unified cgroup hierarchy, and the place of a process in it: cgroups(7). */
#include "cgroup/tree.h"

#include "base/fd.h"
#include "cgroup/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

char *
quilt_cgroup_parse_self (const char *text)
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
quilt_cgroup_parse_mountinfo (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i]; i++) {
    const char *type = strstr (lines[i], " - ");
    g_auto (GStrv) fields = g_strsplit (lines[i], " ", 6);

    if (type && g_str_has_prefix (type, " - cgroup2 ") && g_strv_length (fields) == 6 &&
        strcmp (fields[3], "/") == 0)
      return g_strcompress (fields[4]); /* blanks are escaped as octal numbers; see proc(5) */
  }
  return NULL;
}

char *
quilt_cgroup_of (pid_t pid)
{
  g_autofree char *file = pid > 0 ? g_strdup_printf ("/proc/%d/cgroup", (int)pid) : NULL;
  g_autofree char *text = quilt_cgroup_read (AT_FDCWD, file ? file : "/proc/self/cgroup");
  char *path = text ? quilt_cgroup_parse_self (text) : NULL;

  if (text && !path)
    errno = ENODATA;
  return path;
}

static gboolean
is_cgroup2 (const char *path)
{
  struct statfs fs;

  return statfs (path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

const char *
quilt_cgroup_mount (void)
{
  static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

  return !is_cgroup2 (mounts[0]) && is_cgroup2 (mounts[1]) ? mounts[1] : mounts[0];
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

/* systemd mounts the hierarchy in one of two places. Read the mount table, which may be long, only
 * if neither has it. */
int
quilt_cgroup_open_root (void)
{
  g_autofree char *text = NULL;
  g_autofree char *path = NULL;
  int fd = open_cgroup2 ("/sys/fs/cgroup");

  if (fd < 0)
    fd = open_cgroup2 ("/sys/fs/cgroup/unified");
  if (fd >= 0 || !g_file_get_contents ("/proc/self/mountinfo", &text, NULL, NULL))
    return fd;
  path = quilt_cgroup_parse_mountinfo (text);
  return path ? open_cgroup2 (path) : -1;
}

int
quilt_cgroup_open (const char *path)
{
  g_autofd int root_fd = quilt_cgroup_open_root ();

  if (root_fd < 0)
    return errno = ENOENT, -1;
  return openat (root_fd, path[1] ? path + 1 : ".",
                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int
quilt_cgroup_open_of (pid_t pid)
{
  g_autofree char *path = quilt_cgroup_of (pid);

  return path ? quilt_cgroup_open (path) : -1;
}
