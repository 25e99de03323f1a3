/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of a cgroup and of all cgroups below it. */
#include "cgroup/processes.h"

#include "base/fd.h"
#include "cgroup/file.h"
#include "cgroup/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#define DEPTH_MAX 64
#define FREEZE_MS 10000

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DIR, closedir)

/* Calls visit for the cgroup dir_fd and all cgroups below it, the deepest first. Skips cgroups that
 * have vanished. Returns FALSE with errno set if a cgroup can't be opened or visit returns
 * FALSE. */
static gboolean
walk (int dir_fd, guint depth, gboolean (*visit) (int dir_fd, gpointer data), gpointer data)
{
  int fd = openat (dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (DIR) dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  if (!dir)
    return quilt_cgroup_is_gone (errno);
  while (depth < DEPTH_MAX && (entry = readdir (dir))) {
    g_autofd int child = -1;

    if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
      continue;
    child = openat (dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (child < 0 ? !quilt_cgroup_is_gone (errno) : !walk (child, depth + 1, visit, data))
      return FALSE;
  }
  return visit (dir_fd, data);
}

/* A threaded cgroup can't list processes (EOPNOTSUPP). The cgroup above it lists them too. */
static gboolean
add_processes (int dir_fd, gpointer processes)
{
  g_autofree char *text = quilt_cgroup_read (dir_fd, "cgroup.procs");
  g_auto (GStrv) lines = NULL;

  if (!text)
    return quilt_cgroup_is_gone (errno) || errno == EOPNOTSUPP;
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line; line++) {
    pid_t pid = (pid_t)g_ascii_strtoll (*line, NULL, 10);

    if (pid > 0) /* 0: a process outside of our pid namespace */
      g_array_append_val (processes, pid);
  }
  return TRUE;
}

gboolean
quilt_cgroup_list_processes (int dir_fd, GArray *processes)
{
  return walk (dir_fd, 0, add_processes, processes);
}

gboolean
quilt_cgroup_signal_each (int dir_fd, int signal)
{
  g_autoptr (GArray) processes = g_array_new (FALSE, FALSE, sizeof (pid_t));

  if (!quilt_cgroup_list_processes (dir_fd, processes))
    return FALSE;
  for (guint i = 0; i < processes->len; i++)
    if (kill (g_array_index (processes, pid_t, i), signal) < 0 && errno != ESRCH)
      return FALSE;
  return TRUE;
}

/* Frozen processes can't fork, so no new process escapes the signals. */
gboolean
quilt_cgroup_kill_each (int dir_fd)
{
  gboolean ok;
  int errsv;

  if (quilt_cgroup_kill (dir_fd))
    return TRUE;
  quilt_cgroup_freeze (dir_fd, TRUE);
  quilt_cgroup_wait (dir_fd, "frozen", 1, FREEZE_MS);
  ok = quilt_cgroup_signal_each (dir_fd, SIGKILL);
  errsv = errno;
  quilt_cgroup_freeze (dir_fd, FALSE);
  errno = errsv;
  return ok;
}

static gboolean
remove_children (int dir_fd, gpointer data)
{
  int fd = openat (dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (DIR) dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  while (dir && (entry = readdir (dir)))
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
      unlinkat (dir_fd, entry->d_name, AT_REMOVEDIR);
  return TRUE;
}

gboolean
quilt_cgroup_remove (int root_fd, const char *path, int dir_fd)
{
  int result = unlinkat (root_fd, path + 1, AT_REMOVEDIR);

  if (result < 0 && (errno == EBUSY || errno == ENOTEMPTY)) {
    walk (dir_fd, 0, remove_children, NULL);
    result = unlinkat (root_fd, path + 1, AT_REMOVEDIR);
  }
  return result == 0 || errno == ENOENT;
}
