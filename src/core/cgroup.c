/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's part of the cgroup hierarchy (version 2): below the scope that systemd made. */
#include "core/cgroup.h"

#include "base/cgroupfs.h"
#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
quilt_cgroup_open_self (GError **error)
{
  g_autofd int root_fd = quilt_cgroupfs_open_root ();
  g_autofree char *text = NULL;
  g_autofree char *path = NULL;
  int fd;

  if (root_fd < 0) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "Failed to find a cgroup2 mount: is this a systemd host?");
    return -1;
  }
  if (g_file_get_contents ("/proc/self/cgroup", &text, NULL, NULL))
    path = quilt_cgroupfs_parse_self (text);
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

void
quilt_cgroup_thaw (int scope_fd, const char *name)
{
  g_autofree char *path = g_build_filename (name, "cgroup.freeze", NULL);
  g_autofd int fd = openat (scope_fd, path, O_WRONLY | O_CLOEXEC);

  if (fd >= 0)
    quilt_fd_write_all (fd, "0", 1);
}

int
quilt_cgroup_kill (int scope_fd, const char *name)
{
  g_autofd int dir_fd = openat (scope_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_autofd int kill_fd = -1;
  int fd;

  if (dir_fd < 0)
    return -1;
  fd = openat (dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -1;
  kill_fd = openat (dir_fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);
  if (kill_fd < 0 || !quilt_fd_write_all (kill_fd, "1", 1))
    quilt_fd_clear (&fd);
  return fd;
}

gboolean
quilt_cgroup_is_populated (int events_fd)
{
  char text[256];
  ssize_t n = pread (events_fd, text, sizeof text - 1, 0);

  if (n < 0)
    return !quilt_cgroupfs_is_gone (errno);
  text[n] = '\0';
  return strstr (text, "populated 0") == NULL;
}
