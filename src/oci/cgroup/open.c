/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens the cgroup of a container. */
#include "oci/cgroup/open.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/state.h"
#include "oci/cgroup/files.h"

#include <errno.h>
#include <fcntl.h>

/* Whether there may be a cgroup at a path that could not be opened, with this errno. */
static gboolean
may_be_cgroup (int errsv)
{
  return errsv != ENOENT && errsv != ENOTDIR && errsv != ENAMETOOLONG && errsv != ELOOP;
}

gboolean
quilt_oci_cgroup_open (QuiltOciCgroup *self, GError **error)
{
  g_autofd int root_fd = -1;
  g_autofd int fd = -1;

  if (self->dir_fd >= 0)
    return TRUE;
  if (!self->path) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND,
                 "Failed to open the container's cgroup: it has no cgroup of its own");
    return FALSE;
  }
  root_fd = quilt_oci_cgroup_open_root (error);
  if (root_fd < 0)
    return FALSE;
  fd = openat (root_fd, self->path + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0 && self->inode && quilt_cgroup_get_inode (fd) != self->inode) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND,
                 "Failed to open cgroup '%s': the container's cgroup was removed, and this is "
                 "another cgroup",
                 self->path);
    return FALSE;
  }
  if (fd >= 0) {
    self->dir_fd = g_steal_fd (&fd);
    return TRUE;
  }
  g_set_error (error, QUILT_ERROR,
               may_be_cgroup (errno) ? QUILT_ERROR_FAILED : QUILT_ERROR_NOT_FOUND,
               "Failed to open cgroup '%s': %s", self->path, g_strerror (errno));
  return FALSE;
}

gboolean
quilt_oci_cgroup_try_open (QuiltOciCgroup *self, gboolean *ret_exists, GError **error)
{
  g_autoptr (GError) local = NULL;
  gboolean exists = quilt_oci_cgroup_open (self, &local);

  if (!exists && !g_error_matches (local, QUILT_ERROR, QUILT_ERROR_NOT_FOUND)) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  *ret_exists = exists;
  return TRUE;
}
