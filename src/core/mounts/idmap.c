/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A user namespace without processes, which holds the id maps of a mount. */
#include "core/mounts/idmap.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static gboolean
write_map (pid_t pid, const char *name, const GArray *map, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char path[64];
  g_autofd int fd = -1;

  for (guint i = 0; i < map->len; i++) {
    const QuiltIdMap *line = &g_array_index (map, QuiltIdMap, i);

    g_string_append_printf (text, "%u %u %u\n", line->inside, line->outside, line->count);
  }
  g_snprintf (path, sizeof path, "/proc/%d/%s", (int)pid, name);
  fd = open (path, O_WRONLY | O_CLOEXEC);
  return (fd >= 0 && quilt_fd_write_all (fd, text->str, text->len)) ||
         quilt_set_error_errno (error, errno, "Failed to write the container's %s", name);
}

gboolean
quilt_idmap_write (pid_t pid, const GArray *uid_map, const GArray *gid_map, GError **error)
{
  return write_map (pid, "uid_map", uid_map, error) && write_map (pid, "gid_map", gid_map, error);
}

int
quilt_idmap_open (const GArray *uid_map, const GArray *gid_map, GError **error)
{
  struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
  pid_t pid = (pid_t)syscall (SYS_clone3, &args, sizeof args);
  g_autofd int fd = -1;
  char path[64];

  if (pid == 0) {
    prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    for (;;)
      pause ();
  }
  if (pid < 0) {
    quilt_set_error_errno (error, errno, "Failed to make a user namespace for a mount's ids");
    return -1;
  }
  if (quilt_idmap_write (pid, uid_map, gid_map, error)) {
    g_snprintf (path, sizeof path, "/proc/%d/ns/user", (int)pid);
    fd = open (path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
      quilt_set_error_errno (error, errno, "Failed to open the user namespace of a mount's ids");
  }
  kill (pid, SIGKILL);
  waitpid (pid, NULL, 0);
  return g_steal_fd (&fd);
}
