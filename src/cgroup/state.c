/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of a cgroup: its mark, whether it contains processes, freezing, and killing. */
#include "cgroup/state.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MARK "user.quilt.id"
#define MARK_MAX 64
#define EVENTS "cgroup.events"
#define LOOK_MS 50

gboolean
quilt_cgroup_mark (int dir_fd, const char *id, GError **error)
{
  return fsetxattr (dir_fd, MARK, id, strlen (id), 0) == 0 ||
         quilt_set_error_errno (error, errno, "Failed to mark the container's cgroup as Quilt's");
}

char *
quilt_cgroup_get_mark (int dir_fd)
{
  char id[MARK_MAX];
  ssize_t n = fgetxattr (dir_fd, MARK, id, sizeof id);

  if (n > 0)
    return g_strndup (id, (gsize)n);
  if (n == 0 || errno == ERANGE || errno == ENOTSUP)
    errno = ENODATA;
  return NULL;
}

guint64
quilt_cgroup_get_inode (int dir_fd)
{
  struct stat st;

  return fstat (dir_fd, &st) == 0 ? (guint64)st.st_ino : 0;
}

int
quilt_cgroup_open_events (int dir_fd)
{
  return openat (dir_fd, EVENTS, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

int
quilt_cgroup_events_populated (int events_fd)
{
  guint64 populated;

  if (quilt_cgroup_pread_key (events_fd, "populated", &populated))
    return populated != 0;
  return quilt_cgroup_is_gone (errno) ? 0 : -1;
}

int
quilt_cgroup_is_populated (int dir_fd)
{
  g_autofd int fd = quilt_cgroup_open_events (dir_fd);

  if (fd < 0)
    return quilt_cgroup_is_gone (errno) ? 0 : -1;
  return quilt_cgroup_events_populated (fd);
}

/* If another process removes a cgroup, its pending events are lost (the kernel delays events by up
 * to 10 ms). So poll with short timeouts. */
gboolean
quilt_cgroup_wait (int dir_fd, const char *key, guint64 value, guint timeout_ms)
{
  g_autofd int fd = quilt_cgroup_open_events (dir_fd);
  const gint64 end = g_get_monotonic_time () + (gint64)timeout_ms * 1000;
  guint64 now = !value;

  while (fd >= 0 && (quilt_cgroup_pread_key (fd, key, &now) || errno == ENODATA)) {
    struct pollfd wait = {.fd = fd, .events = POLLPRI};
    gint64 left = (end - g_get_monotonic_time () + 999) / 1000;

    if (now == value)
      return TRUE;
    if (left <= 0)
      return errno = ETIMEDOUT, FALSE;
    if (poll (&wait, 1, (int)MIN (left, LOOK_MS)) < 0 && errno != EINTR)
      return FALSE;
  }
  return quilt_cgroup_is_gone (errno);
}

gboolean
quilt_cgroup_freeze (int dir_fd, gboolean freeze)
{
  return quilt_cgroup_write (dir_fd, "cgroup.freeze", freeze ? "1" : "0");
}

gboolean
quilt_cgroup_is_frozen (int dir_fd)
{
  guint64 frozen;

  return quilt_cgroup_read_key (dir_fd, EVENTS, "frozen", &frozen) && frozen;
}

gboolean
quilt_cgroup_kill (int dir_fd)
{
  return quilt_cgroup_write (dir_fd, "cgroup.kill", "1") || errno == ENODEV;
}

guint64
quilt_cgroup_oom_kills (int dir_fd)
{
  guint64 kills;

  return quilt_cgroup_read_key (dir_fd, "memory.events", "oom_kill", &kills) ? kills : 0;
}
