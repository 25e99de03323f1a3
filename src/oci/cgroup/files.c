/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the cgroup managers: the directory, and the limits in it. */
#include "oci/cgroup/files.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/file.h"
#include "cgroup/make.h"
#include "cgroup/tree.h"
#include "spec/oci/cgroup.h"

#include <errno.h>
#include <string.h>

int
quilt_oci_cgroup_open_root (GError **error)
{
  int fd = quilt_cgroup_open_root ();

  if (fd < 0)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to find a cgroup2 file system: quilt-oci needs cgroup v2. Boot with "
                 "'systemd.unified_cgroup_hierarchy=1', or mount it on /sys/fs/cgroup");
  return fd;
}

static gboolean
is_not_permitted (int errsv)
{
  return errsv == EACCES || errsv == EPERM || errsv == EROFS;
}

int
quilt_oci_cgroup_make (const char *path, gboolean *ret_missing, GError **error)
{
  g_autofd int root_fd = quilt_oci_cgroup_open_root (error);
  int fd;

  if (root_fd < 0)
    return -1;
  fd = quilt_cgroup_make (root_fd, path);
  if (fd < 0) {
    *ret_missing = is_not_permitted (errno);
    quilt_set_error_errno (error, errno, "Failed to make cgroup '%s'", path);
  }
  return fd;
}

static gboolean
set_write_error (
    int dir_fd, const char *path, const QuiltCgroupWrite *write, int errsv, GError **error)
{
  g_autofree char *controller = g_strndup (write->file, strcspn (write->file, "."));

  if (errsv != ENOENT)
    return quilt_set_error_errno (error, errsv, "Failed to set '%s' of cgroup '%s' to '%s'",
                                  write->file, path, write->value);
  if (quilt_cgroup_has_controller (dir_fd, controller))
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to set '%s' of cgroup '%s': this kernel has no such limit", write->file,
                 path);
  else
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to set '%s' of cgroup '%s': the controller '%s' is not available there: "
                 "it has to be in 'cgroup.controllers' of this host and not used by cgroup v1",
                 write->file, path, controller);
  return FALSE;
}

gboolean
quilt_oci_cgroup_write (int dir_fd, const char *path, const GPtrArray *writes, GError **error)
{
  for (guint i = 0; i < writes->len; i++) {
    const QuiltCgroupWrite *write = writes->pdata[i];

    if (quilt_cgroup_write (dir_fd, write->file, write->value))
      continue;
    if (errno == ENOENT && write->other_file &&
        quilt_cgroup_write (dir_fd, write->other_file, write->other_value))
      continue;
    if (errno != ENOENT || !write->optional)
      return set_write_error (dir_fd, path, write, errno, error);
  }
  return TRUE;
}

/* Returns 0 if the kernel does not count this use. */
static gint64
read_use (int dir_fd, const char *name)
{
  guint64 value;

  return quilt_cgroup_read_number (dir_fd, name, &value) ? (gint64)value : 0;
}

gboolean
quilt_oci_cgroup_check (int dir_fd, const QuiltOciResources *resources, GError **error)
{
  gint64 used = read_use (dir_fd, "memory.current");

  if (!resources->memory_check)
    return TRUE;
  if (resources->memory_limit > 0 && resources->memory_limit < used) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to limit memory to %" G_GINT64_FORMAT " bytes: %" G_GINT64_FORMAT
                 " are in use",
                 resources->memory_limit, used);
    return FALSE;
  }
  used += read_use (dir_fd, "memory.swap.current");
  if (resources->memory_swap > 0 && resources->memory_swap < used) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to limit memory and swap to %" G_GINT64_FORMAT " bytes: %" G_GINT64_FORMAT
                 " are in use",
                 resources->memory_swap, used);
    return FALSE;
  }
  return TRUE;
}
