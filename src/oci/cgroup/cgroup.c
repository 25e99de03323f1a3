/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making a container's cgroup and setting its limits, with either manager. */
#include "oci/cgroup/cgroup.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/state.h"
#include "cgroup/tree.h"
#include "oci/cgroup/device-filter.h"
#include "oci/cgroup/files.h"
#include "oci/cgroup/open.h"
#include "oci/cgroup/processes.h"
#include "oci/cgroup/scope.h"
#include "spec/oci/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

static gboolean
filter_devices (QuiltOciCgroup *self,
                const QuiltSpec *spec,
                const QuiltOciResources *resources,
                GError **error)
{
  g_autoptr (GArray) rules = quilt_oci_device_rules (spec, resources);

  return !rules || quilt_oci_device_filter_attach (self->dir_fd, rules, self->rootless, error);
}

/* Sets the limits, the device filter and the owner of the open directory. */
static gboolean
equip (QuiltOciCgroup *self, const QuiltSpec *spec, const GPtrArray *writes, GError **error)
{
  return quilt_oci_cgroup_write (self->dir_fd, self->path, writes, error) &&
         filter_devices (self, spec, spec->resources, error) &&
         quilt_oci_cgroup_give (self->dir_fd, self->path, spec, error);
}

static GPtrArray *
plan_writes (const QuiltOciResources *resources, GError **error)
{
  return resources ? quilt_cgroup_plan_writes (resources, error) : g_ptr_array_new ();
}

/* The cgroup belongs to another program, so the code that undoes a failed start must not remove
 * it. */
static void
forget (QuiltOciCgroup *self)
{
  quilt_fd_clear (&self->dir_fd);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->unit, g_free);
  self->inode = 0;
}

gboolean
quilt_oci_cgroup_create (QuiltOciCgroup *self, const QuiltSpec *spec, GError **error)
{
  g_autoptr (GPtrArray) writes = plan_writes (spec->resources, error);
  g_autoptr (GError) local = NULL;
  gboolean missing = FALSE;

  if (!writes)
    return FALSE;
  self->dir_fd = quilt_oci_cgroup_make (self->path, &missing, &local);
  if (self->dir_fd < 0 && self->rootless && missing && writes->len == 0) {
    g_clear_pointer (&self->path, g_free);
    return TRUE;
  }
  if (self->dir_fd < 0) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  if (!quilt_oci_cgroup_check_empty (self, error)) {
    forget (self);
    return FALSE;
  }
  self->inode = quilt_cgroup_get_inode (self->dir_fd);
  if (equip (self, spec, writes, error))
    return TRUE;
  quilt_oci_cgroup_remove (self, NULL);
  return FALSE;
}

/* Sets path to the cgroup of the process: only systemd knows the path of a slice. */
static gboolean
find_path (QuiltOciCgroup *self, pid_t pid, GError **error)
{
  g_autofree char *path = NULL;
  g_autofree char *name = NULL;

  path = quilt_cgroup_of (pid);
  if (!path && errno != ENODATA)
    return quilt_set_error_errno (error, errno, "Failed to read '/proc/%d/cgroup'", (int)pid);
  name = path ? g_path_get_basename (path) : NULL;
  if (!name || !g_str_equal (name, self->unit)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "Failed to put process %d into '%s': it is in cgroup '%s'", (int)pid, self->unit,
                 path ? path : "of version 1");
    return FALSE;
  }
  g_free (self->path);
  self->path = g_steal_pointer (&path);
  return TRUE;
}

gboolean
quilt_oci_cgroup_announce (QuiltOciCgroup *self, GError **error)
{
  return !self->systemd || quilt_oci_scope_connect (self, error);
}

void
quilt_oci_cgroup_rest (QuiltOciCgroup *self)
{
  quilt_oci_scope_disconnect (self);
}

gboolean
quilt_oci_cgroup_adopt (
    QuiltOciCgroup *self, const char *id, pid_t pid, const QuiltSpec *spec, GError **error)
{
  g_autoptr (GPtrArray) writes = plan_writes (spec->resources, error);

  if (!writes || !quilt_oci_scope_start (self, id, pid, spec->annotations, writes, error)) {
    kill (pid, SIGKILL);
    forget (self);
    return FALSE;
  }
  if (find_path (self, pid, error) && quilt_oci_cgroup_open (self, error)) {
    self->inode = quilt_cgroup_get_inode (self->dir_fd);
    if (equip (self, spec, writes, error))
      return TRUE;
  }
  kill (pid, SIGKILL);
  if (!self->path)
    quilt_oci_scope_stop (self, NULL);
  quilt_oci_cgroup_remove (self, NULL);
  return FALSE;
}

gboolean
quilt_oci_cgroup_find (QuiltOciCgroup *self, const char *id, pid_t pid, GError **error)
{
  g_autofree char *place = NULL;
  gboolean is_ours = FALSE;

  if (self->inode)
    return TRUE;
  if (self->unit && !self->path && !quilt_oci_scope_find (self, id, &self->path, error))
    return FALSE;
  if (!self->path)
    return TRUE;
  place = pid > 0 ? quilt_cgroup_of (pid) : NULL;
  if (pid > 0 && !place && errno != ENODATA && errno != ENOENT && errno != ESRCH)
    return quilt_set_error_errno (error, errno, "Failed to read '/proc/%d/cgroup'", (int)pid);
  if (g_strcmp0 (place, self->path) == 0)
    return TRUE;
  /* With systemd, create recorded the pid before the init was moved into the scope. With cgroupfs,
   * the init was cloned into the directory, so its last process may still be ending. */
  if (!(self->systemd ? quilt_oci_cgroup_is_empty (self, &is_ours, error)
                      : quilt_oci_cgroup_wait_empty (self, &is_ours, error)))
    return FALSE;
  if (!is_ours)
    forget (self);
  return TRUE;
}

gboolean
quilt_oci_cgroup_update (QuiltOciCgroup *self,
                         const QuiltSpec *spec,
                         const QuiltOciResources *merged,
                         GError **error)
{
  g_autoptr (GPtrArray) writes = plan_writes (merged, error);

  return writes && quilt_oci_cgroup_open (self, error) &&
         quilt_oci_cgroup_check (self->dir_fd, merged, error) &&
         (!self->systemd || quilt_oci_scope_update (self, writes, error)) &&
         quilt_oci_cgroup_write (self->dir_fd, self->path, writes, error) &&
         filter_devices (self, spec, merged, error);
}
