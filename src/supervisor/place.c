/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes and ends the cgroups of the scope that this process supervises. */
#include "supervisor/place.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/make.h"
#include "cgroup/pause.h"
#include "cgroup/scope.h"
#include "cgroup/state.h"
#include "cgroup/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Time after which the cgroup of a session is not new any more. */
#define NEW_SECONDS 60

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
  return quilt_cgroup_mark (scope_fd, id, error) &&
         quilt_cgroup_enter (scope_fd, QUILT_SCOPE_SUPERVISOR, 0, error) &&
         quilt_cgroup_enter (scope_fd, QUILT_SCOPE_PAYLOAD, first, error);
}

static int
open_part (int scope_fd, const char *name)
{
  return openat (scope_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int
kill_part (int scope_fd, const char *name)
{
  g_autofd int fd = open_part (scope_fd, name);

  return fd >= 0 && quilt_cgroup_kill (fd) ? quilt_cgroup_open_events (fd) : -1;
}

gboolean
quilt_place_prepare (GError **error)
{
  g_autofd int scope_fd = quilt_place_open (FALSE, error);

  if (scope_fd < 0 || !quilt_cgroup_enter (scope_fd, QUILT_SCOPE_SUPERVISOR, 0, error))
    return FALSE;
  return mkdirat (scope_fd, QUILT_SCOPE_PAYLOAD, 0755) == 0 || errno == EEXIST ||
         quilt_set_error_errno (error, errno, "Failed to make cgroup '" QUILT_SCOPE_PAYLOAD "'");
}

int
quilt_place_mark (const char *id, GError **error)
{
  g_autofd int scope_fd = quilt_place_open (TRUE, error);
  int fd;

  if (scope_fd < 0 || !quilt_cgroup_mark (scope_fd, id, error))
    return -1;
  fd = openat (scope_fd, QUILT_SCOPE_PAYLOAD, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    quilt_set_error_errno (error, errno, "Failed to open cgroup '" QUILT_SCOPE_PAYLOAD "'");
  return fd;
}

void
quilt_place_thaw (int scope_fd)
{
  g_autofd int fd = open_part (scope_fd, QUILT_SCOPE_PAYLOAD);

  if (fd >= 0)
    quilt_cgroup_freeze (fd, FALSE);
}

/* quiltd may have admitted the session just before a commit has paused the container. A pause that
 * we do not see here, where the cgroup exists, freezes it. */
static gboolean
check_pause (int scope_fd, GError **error)
{
  if (!quilt_cgroup_is_paused (scope_fd))
    return TRUE;
  g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                       "The container is paused while it is committed: try again when that is "
                       "done");
  return FALSE;
}

int
quilt_place_make_session (int scope_fd, const char *id, GError **error)
{
  g_autofree char *name = quilt_scope_name_session (id);
  int fd;

  fd = mkdirat (scope_fd, name, 0755) < 0
           ? -1
           : openat (scope_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    quilt_set_error_errno (error, errno, "Failed to make the cgroup '%s' of the session", name);
  else if (!check_pause (scope_fd, error)) {
    quilt_fd_clear (&fd);
    unlinkat (scope_fd, name, AT_REMOVEDIR);
  }
  return fd;
}

int
quilt_place_kill_session (int scope_fd, const char *id)
{
  g_autofree char *name = quilt_scope_name_session (id);

  return kill_part (scope_fd, name);
}

/* Calls func for each session's cgroup in the scope. */
static void
foreach_session (int scope_fd, void (*func) (int scope_fd, const char *name))
{
  int fd = openat (scope_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd < 0 ? NULL : fdopendir (fd);
  struct dirent *entry;

  while (dir && (entry = readdir (dir)))
    if (quilt_scope_is_session (entry->d_name))
      func (scope_fd, entry->d_name);
  if (dir)
    closedir (dir);
  else
    quilt_fd_clear (&fd);
}

/* A new one may wait for its first process. */
static void
remove_if_old (int scope_fd, const char *name)
{
  struct stat st;

  if (fstatat (scope_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
      g_get_real_time () / G_USEC_PER_SEC - st.st_mtime > NEW_SECONDS)
    unlinkat (scope_fd, name, AT_REMOVEDIR); /* fails while a process is in it */
}

void
quilt_place_remove_session (int scope_fd, const char *id)
{
  g_autofree char *name = quilt_scope_name_session (id);

  unlinkat (scope_fd, name, AT_REMOVEDIR);
  foreach_session (scope_fd, remove_if_old);
}

static void
kill_session (int scope_fd, const char *name)
{
  int fd = kill_part (scope_fd, name);

  quilt_fd_clear (&fd);
}

int
quilt_place_kill (int scope_fd)
{
  foreach_session (scope_fd, kill_session);
  return kill_part (scope_fd, QUILT_SCOPE_PAYLOAD);
}
