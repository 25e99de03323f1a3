/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's part of the cgroup hierarchy (version 2): below the scope that systemd made. */
#include "core/cgroup.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
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
static int
open_root (void)
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
quilt_cgroup_open_self (GError **error)
{
  g_autofd int root_fd = open_root ();
  g_autofree char *text = NULL;
  g_autofree char *path = NULL;
  int fd;

  if (root_fd < 0) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "Failed to find a cgroup2 mount: is this a systemd host?");
    return -1;
  }
  if (g_file_get_contents ("/proc/self/cgroup", &text, NULL, NULL))
    path = quilt_cgroup_parse_self (text);
  if (!path) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED, "Failed to find our own cgroup");
    return -1;
  }
  fd = openat (root_fd, path[1] ? path + 1 : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    quilt_set_error_errno (error, errno, "Failed to open cgroup '%s'", path);
  return fd;
}

gboolean
quilt_cgroup_enter (int scope_fd, const char *name, pid_t pid, GError **error)
{
  g_autofd int fd = -1;
  char path[64], text[16];
  int length;

  if (mkdirat (scope_fd, name, 0755) < 0 && errno != EEXIST)
    return quilt_set_error_errno (error, errno, "Failed to make cgroup '%s'", name);
  g_snprintf (path, sizeof path, "%s/cgroup.procs", name);
  length = g_snprintf (text, sizeof text, "%d", (int)pid);
  fd = openat (scope_fd, path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || !quilt_fd_write_all (fd, text, (gsize)length))
    return quilt_set_error_errno (error, errno, "Failed to enter cgroup '%s'", name);
  return TRUE;
}

guint64
quilt_cgroup_oom_kills (int scope_fd)
{
  g_autofd int fd = openat (scope_fd, "memory.events", O_RDONLY | O_CLOEXEC);
  char text[512];
  ssize_t n;
  const char *line;

  if (fd < 0)
    return 0;
  n = read (fd, text, sizeof text - 1);
  if (n <= 0)
    return 0;
  text[n] = '\0';
  line = strstr (text, "\noom_kill ");
  return line ? g_ascii_strtoull (line + strlen ("\noom_kill "), NULL, 10) : 0;
}
