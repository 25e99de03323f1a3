/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroup of the scope and the two cgroups below it: "supervisor", and "payload" for the
 * container. */
#include "supervisor/place.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/make.h"
#include "cgroup/state.h"
#include "cgroup/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define OWN "supervisor"
#define PAYLOAD "payload"

int
quilt_place_open (gboolean divided, GError **error)
{
  g_autofd int own_fd = quilt_cgroup_open_of (0);
  int fd = own_fd >= 0 && divided ? openat (own_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                  : g_steal_fd (&own_fd);

  if (fd < 0)
    quilt_set_error_errno (error, errno, "Failed to open the supervisor's own cgroup in cgroup2");
  return fd;
}

/* Set the mark first: then every process in the scope is known to be Quilt's before the container
 * runs. */
gboolean
quilt_place_divide (int scope_fd, const char *id, pid_t first, GError **error)
{
  return quilt_cgroup_mark (scope_fd, id, error) && quilt_cgroup_enter (scope_fd, OWN, 0, error) &&
         quilt_cgroup_enter (scope_fd, PAYLOAD, first, error);
}

static int
open_payload (int scope_fd)
{
  return openat (scope_fd, PAYLOAD, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

gboolean
quilt_place_prepare (GError **error)
{
  g_autofd int scope_fd = quilt_place_open (FALSE, error);

  if (scope_fd < 0 || !quilt_cgroup_enter (scope_fd, OWN, 0, error))
    return FALSE;
  return mkdirat (scope_fd, PAYLOAD, 0755) == 0 || errno == EEXIST ||
         quilt_set_error_errno (error, errno, "Failed to make cgroup '" PAYLOAD "'");
}

int
quilt_place_mark (const char *id, GError **error)
{
  g_autofd int scope_fd = quilt_place_open (TRUE, error);
  int fd;

  if (scope_fd < 0 || !quilt_cgroup_mark (scope_fd, id, error))
    return -1;
  fd = openat (scope_fd, PAYLOAD, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    quilt_set_error_errno (error, errno, "Failed to open cgroup '" PAYLOAD "'");
  return fd;
}

void
quilt_place_thaw (int scope_fd)
{
  g_autofd int fd = open_payload (scope_fd);

  if (fd >= 0)
    quilt_cgroup_freeze (fd, FALSE);
}

int
quilt_place_kill (int scope_fd)
{
  g_autofd int fd = open_payload (scope_fd);

  return fd >= 0 && quilt_cgroup_kill (fd) ? quilt_cgroup_open_events (fd) : -1;
}
