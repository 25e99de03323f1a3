/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of a container's cgroup: freezes, lists and kills them, and removes the cgroup. */
#include "oci/cgroup/processes.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/file.h"
#include "cgroup/processes.h"
#include "cgroup/state.h"
#include "oci/cgroup/files.h"
#include "oci/cgroup/open.h"
#include "oci/cgroup/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#define FREEZE_MS 10000
#define EMPTY_MS 10000

GArray *
quilt_oci_cgroup_processes (QuiltOciCgroup *self, GError **error)
{
  g_autoptr (GArray) processes = g_array_new (FALSE, FALSE, sizeof (pid_t));
  gboolean exists;

  if (!quilt_oci_cgroup_try_open (self, &exists, error))
    return NULL;
  if (exists && !quilt_cgroup_list_processes (self->dir_fd, processes)) {
    quilt_set_error_errno (error, errno, "Failed to list the processes of cgroup '%s'", self->path);
    return NULL;
  }
  return g_steal_pointer (&processes);
}

gboolean
quilt_oci_cgroup_is_empty (QuiltOciCgroup *self, gboolean *ret_empty, GError **error)
{
  int populated = 0;
  gboolean exists;

  if (!quilt_oci_cgroup_try_open (self, &exists, error))
    return FALSE;
  if (exists)
    populated = quilt_cgroup_is_populated (self->dir_fd);
  if (populated < 0)
    return quilt_set_error_errno (error, errno, "Failed to look for processes in cgroup '%s'",
                                  self->path);
  *ret_empty = !populated;
  return TRUE;
}

gboolean
quilt_oci_cgroup_wait_empty (QuiltOciCgroup *self, gboolean *ret_empty, GError **error)
{
  if (quilt_oci_cgroup_open (self, NULL))
    quilt_cgroup_wait (self->dir_fd, "populated", 0, EMPTY_MS);
  return quilt_oci_cgroup_is_empty (self, ret_empty, error);
}

gboolean
quilt_oci_cgroup_check_empty (QuiltOciCgroup *self, GError **error)
{
  gboolean was_open = self->dir_fd >= 0;
  gboolean is_empty;
  gboolean ok = quilt_oci_cgroup_is_empty (self, &is_empty, error);

  if (!was_open)
    quilt_fd_clear (&self->dir_fd);
  if (!ok || is_empty)
    return ok;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
               "Failed to use cgroup '%s': it already contains processes", self->path);
  return FALSE;
}

gboolean
quilt_oci_cgroup_is_frozen (QuiltOciCgroup *self)
{
  return quilt_oci_cgroup_open (self, NULL) && quilt_cgroup_is_frozen (self->dir_fd);
}

gboolean
quilt_oci_cgroup_freeze (QuiltOciCgroup *self, GError **error)
{
  if (!quilt_oci_cgroup_open (self, error))
    return FALSE;
  if (!quilt_cgroup_freeze (self->dir_fd, TRUE))
    return quilt_set_error_errno (error, errno, "Failed to freeze cgroup '%s'", self->path);
  if (quilt_cgroup_wait (self->dir_fd, "frozen", 1, FREEZE_MS))
    return TRUE;
  quilt_cgroup_freeze (self->dir_fd, FALSE);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_TIMED_OUT,
               "Failed to freeze cgroup '%s' within %d s: one of its processes does not stop",
               self->path, FREEZE_MS / 1000);
  return FALSE;
}

gboolean
quilt_oci_cgroup_thaw (QuiltOciCgroup *self, GError **error)
{
  if (!quilt_oci_cgroup_open (self, error))
    return FALSE;
  if (!quilt_cgroup_freeze (self->dir_fd, FALSE) ||
      !quilt_cgroup_wait (self->dir_fd, "frozen", 0, FREEZE_MS))
    return quilt_set_error_errno (error, errno, "Failed to thaw cgroup '%s'", self->path);
  return TRUE;
}

gboolean
quilt_oci_cgroup_kill_all (QuiltOciCgroup *self, int signal_number, GError **error)
{
  gboolean exists;

  if (!quilt_oci_cgroup_try_open (self, &exists, error))
    return FALSE;
  if (!exists)
    return TRUE;
  if (signal_number == SIGKILL ? quilt_cgroup_kill_each (self->dir_fd)
                               : quilt_cgroup_signal_each (self->dir_fd, signal_number))
    return TRUE;
  return quilt_set_error_errno (error, errno, "Failed to signal the processes of cgroup '%s'",
                                self->path);
}

/* The kernel does not remove it while it has other cgroups or processes. */
static void
remove_home (int root_fd, const QuiltOciCgroup *self)
{
  if (!self->systemd && self->path && g_str_has_prefix (self->path, QUILT_OCI_CGROUP_HOME "/"))
    unlinkat (root_fd, &QUILT_OCI_CGROUP_HOME[1], AT_REMOVEDIR);
}

static gboolean
remove_directory (QuiltOciCgroup *self, GError **error)
{
  g_autofd int root_fd = quilt_oci_cgroup_open_root (error);

  if (root_fd < 0)
    return FALSE;
  if (!quilt_cgroup_remove (root_fd, self->path, self->dir_fd))
    return quilt_set_error_errno (error, errno, "Failed to remove cgroup '%s'", self->path);
  quilt_fd_clear (&self->dir_fd);
  remove_home (root_fd, self);
  return TRUE;
}

/* The container's cgroup is gone, or was never made. But its scope may be left, or its parent. If
 * the scope has a cgroup at that path, the scope belongs to another program, or systemd has just
 * made it. So leave it alone. */
static gboolean
remove_rest (QuiltOciCgroup *self, GError **error)
{
  g_autofd int root_fd = -1;

  if (!self->path)
    return TRUE;
  root_fd = quilt_oci_cgroup_open_root (error);
  if (root_fd < 0)
    return FALSE;
  if (self->systemd && faccessat (root_fd, self->path + 1, F_OK, 0) == 0)
    return TRUE;
  if (self->systemd && !quilt_cgroup_is_gone (errno))
    return quilt_set_error_errno (error, errno, "Failed to look for cgroup '%s'", self->path);
  if (self->systemd)
    return quilt_oci_scope_stop (self, error);
  remove_home (root_fd, self);
  return TRUE;
}

gboolean
quilt_oci_cgroup_remove (QuiltOciCgroup *self, GError **error)
{
  gboolean exists;

  if (!quilt_oci_cgroup_try_open (self, &exists, error))
    return FALSE;
  if (!exists)
    return remove_rest (self, error);
  /* cgroup.events does not count processes that have ended and were not reaped. */
  if (!quilt_cgroup_wait (self->dir_fd, "populated", 0, EMPTY_MS)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "Failed to remove cgroup '%s': there are processes in it", self->path);
    return FALSE;
  }
  if (self->systemd && !quilt_oci_scope_stop (self, error))
    return FALSE;
  return remove_directory (self, error);
}
