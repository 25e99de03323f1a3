/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Freezes the processes of a container for a short time. */
#include "cgroup/pause.h"

#include "base/fd.h"
#include "cgroup/file.h"
#include "cgroup/scope.h"
#include "cgroup/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MARK "user.quilt.paused"

static void
close_element (gpointer data)
{
  quilt_fd_clear (data);
}

static GArray *
new_descriptors (void)
{
  GArray *fds = g_array_new (FALSE, FALSE, sizeof (int));

  g_array_set_clear_func (fds, close_element);
  return fds;
}

void
quilt_cgroup_pause_clear (QuiltCgroupPause *pause)
{
  pause->payload_fd = -1;
  g_clear_pointer (&pause->cgroups, g_array_unref);
  g_clear_pointer (&pause->freezers, g_array_unref);
}

/* A session may have ended since the directory was read. */
static gboolean
add (QuiltCgroupPause *pause, int scope_fd, const char *name, gboolean is_needed)
{
  g_autofd int fd = openat (scope_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  g_autofd int freezer = fd >= 0 ? openat (fd, "cgroup.freeze", O_RDWR | O_CLOEXEC) : -1;

  if (freezer < 0)
    return !is_needed && quilt_cgroup_is_gone (errno);
  if (is_needed)
    pause->payload_fd = fd;
  g_array_append_val (pause->cgroups, fd);
  g_array_append_val (pause->freezers, freezer);
  fd = freezer = -1;
  return TRUE;
}

static gboolean
add_sessions (QuiltCgroupPause *pause, int scope_fd)
{
  int fd = openat (scope_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  gboolean ok = dir != NULL;
  struct dirent *entry;

  while (ok && (entry = readdir (dir)))
    if (quilt_scope_is_session (entry->d_name))
      ok = add (pause, scope_fd, entry->d_name, FALSE);
  if (dir) {
    const int errsv = errno;

    closedir (dir);
    errno = errsv;
  }
  return ok;
}

/* Sets the mark before it reads the list. The supervisor of a session makes the session's cgroup
 * before it looks for the mark. So each session is in the list, or its supervisor sees the mark. */
gboolean
quilt_cgroup_pause_open (int scope_fd, QuiltCgroupPause *ret_pause)
{
  g_auto (QuiltCgroupPause)
      pause = {.payload_fd = -1, .cgroups = new_descriptors (), .freezers = new_descriptors ()};

  if (!add (&pause, scope_fd, QUILT_SCOPE_PAYLOAD, TRUE) ||
      fsetxattr (pause.payload_fd, MARK, "1", 1, 0) < 0)
    return FALSE;
  if (!add_sessions (&pause, scope_fd)) {
    const int errsv = errno;

    fremovexattr (pause.payload_fd, MARK);
    errno = errsv;
    return FALSE;
  }
  *ret_pause = pause;
  pause = (QuiltCgroupPause)QUILT_CGROUP_PAUSE_NONE;
  return TRUE;
}

static gboolean
write_all (const QuiltCgroupPause *pause, const char *value)
{
  gboolean ok = TRUE;

  for (guint i = 0; i < pause->freezers->len; i++)
    if (write (g_array_index (pause->freezers, int, i), value, 1) != 1)
      ok = ok && quilt_cgroup_is_gone (errno);
  return ok;
}

gboolean
quilt_cgroup_pause_freeze (const QuiltCgroupPause *pause)
{
  return write_all (pause, "1");
}

gboolean
quilt_cgroup_pause_await (const QuiltCgroupPause *pause, guint timeout_ms)
{
  for (guint i = 0; i < pause->cgroups->len; i++)
    if (!quilt_cgroup_wait (g_array_index (pause->cgroups, int, i), "frozen", 1, timeout_ms))
      return FALSE;
  return TRUE;
}

gboolean
quilt_cgroup_pause_holds (const QuiltCgroupPause *pause)
{
  char value = '1';

  return pread (g_array_index (pause->freezers, int, 0), &value, 1, 0) < 0 || value != '0';
}

void
quilt_cgroup_pause_thaw (const QuiltCgroupPause *pause)
{
  write_all (pause, "0");
  fremovexattr (pause->payload_fd, MARK);
}

gboolean
quilt_cgroup_is_paused (int scope_fd)
{
  g_autofd int fd =
      openat (scope_fd, QUILT_SCOPE_PAYLOAD, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  return fd >= 0 && fgetxattr (fd, MARK, NULL, 0) > 0;
}

void
quilt_cgroup_pause_undo (int scope_fd)
{
  g_auto (QuiltCgroupPause) pause = QUILT_CGROUP_PAUSE_NONE;

  if (quilt_cgroup_is_paused (scope_fd) && quilt_cgroup_pause_open (scope_fd, &pause))
    quilt_cgroup_pause_thaw (&pause);
}
