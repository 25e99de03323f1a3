/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all objects of quiltd share. */
#include "daemon/daemon.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "daemon/bus/managed-objects.h"
#include "daemon/bus/work.h"
#include "daemon/helpers/helper.h"

#include <errno.h>
#include <fcntl.h>

#define TOMBS 1024

static int
open_run_part (const char *run_dir, const char *name, GError **error)
{
  g_autofd int fd = -1;

  if (g_mkdir_with_parents (run_dir, 0755) < 0) {
    quilt_set_error_errno (error, errno, "Failed to make directory '%s'", run_dir);
    return -1;
  }
  fd = open (run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    quilt_set_error_errno (error, errno, "Failed to open directory '%s'", run_dir);
    return -1;
  }
  return quilt_dir_ensure (fd, name, error);
}

QuiltDaemon *
quilt_daemon_new (GDBusConnection *bus,
                  const QuiltDaemonPaths *paths,
                  QuiltConfig *config,
                  GError **error)
{
  g_autoptr (QuiltDaemon) self = g_new0 (QuiltDaemon, 1);

  self->config = config;
  self->runs_fd = self->tombs_fd = self->helpers_fd = -1;
  self->units_fd = open ("/run/systemd/units", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  self->bus = g_object_ref (bus);
  self->libexec_dir = g_strdup (paths->libexec_dir);
  self->run_dir = g_canonicalize_filename (paths->run_dir, NULL);
  self->store = quilt_store_open (paths->state_dir, error);
  if (!self->store)
    return NULL;
  self->runs_fd = open_run_part (paths->run_dir, "containers", error);
  self->tombs_fd = self->runs_fd >= 0 ? open_run_part (paths->run_dir, "ended", error) : -1;
  if (self->tombs_fd < 0)
    return NULL;
  self->journal_budget = quilt_journal_budget_new (paths->run_dir, &config->journal_share, error);
  if (!self->journal_budget)
    return NULL;
  self->helpers_fd = quilt_helper_open_dir (paths->libexec_dir, error);
  if (self->helpers_fd < 0)
    return NULL;
  self->filters = quilt_filters_new (paths->libexec_dir, self->helpers_fd, paths->cache_dir);
  self->spare = quilt_spare_new (paths->libexec_dir, self->helpers_fd);
  self->in_turn = quilt_work_pool_new ();
  self->quota = quilt_quota_new ((guint)MIN (config->max_pending_per_user, G_MAXUINT));
  self->admission = quilt_admission_new (bus, self->quota);
  self->authority = quilt_authority_new (bus);
  self->systemd = quilt_systemd_new (bus);
  self->containers = quilt_index_new ("container", "'quiltctl list' shows all", g_object_unref);
  self->images = quilt_index_new (
      "image", "'quiltctl import ARCHIVE NAME' makes one, 'quiltctl images' shows all",
      g_object_unref);
  self->id_ranges = quilt_id_ranges_new ();
  self->tombs = quilt_tombs_new (TOMBS, self->tombs_fd);
  self->objects = g_dbus_object_manager_server_new (QUILT_BUS_ROOT);
  self->managed_objects = quilt_managed_objects_new (self->objects);
  return g_steal_pointer (&self);
}

void
quilt_daemon_free (QuiltDaemon *self)
{
  if (!self)
    return;
  g_clear_handle_id (&self->summary, g_source_remove);
  if (self->in_turn)
    g_thread_pool_free (self->in_turn, FALSE, TRUE);
  g_clear_pointer (&self->managed_objects, quilt_managed_objects_free);
  g_clear_object (&self->objects);
  g_clear_pointer (&self->containers, quilt_index_free);
  g_clear_pointer (&self->images, quilt_index_free);
  g_clear_pointer (&self->tombs, quilt_tombs_free);
  g_clear_pointer (&self->spare, quilt_spare_free);
  g_clear_pointer (&self->journal_budget, quilt_journal_budget_free);
  g_clear_pointer (&self->filters, quilt_filters_free);
  g_clear_pointer (&self->id_ranges, quilt_id_ranges_free);
  g_clear_pointer (&self->systemd, quilt_systemd_free);
  g_clear_pointer (&self->authority, quilt_authority_free);
  g_clear_pointer (&self->admission, quilt_admission_free);
  g_clear_pointer (&self->quota, quilt_quota_free);
  g_clear_pointer (&self->store, quilt_store_unref);
  g_clear_pointer (&self->config, quilt_config_free);
  g_clear_object (&self->bus);
  quilt_fd_clear (&self->runs_fd);
  quilt_fd_clear (&self->tombs_fd);
  quilt_fd_clear (&self->units_fd);
  quilt_fd_clear (&self->helpers_fd);
  g_free (self->libexec_dir);
  g_free (self->run_dir);
  g_free (self);
}

void
quilt_daemon_set_config (QuiltDaemon *self, QuiltConfig *config)
{
  quilt_config_free (self->config);
  self->config = config;
  quilt_journal_budget_set (self->journal_budget, &config->journal_share);
  quilt_quota_set_max (self->quota, (guint)MIN (config->max_pending_per_user, G_MAXUINT));
}

void
quilt_daemon_hold (QuiltDaemon *self)
{
  self->operations++;
}

void
quilt_daemon_release (QuiltDaemon *self)
{
  g_return_if_fail (self->operations > 0);
  self->operations--;
  if (self->operations == 0 && self->on_idle)
    self->on_idle (self->on_idle_data);
}

void
quilt_daemon_when_idle (QuiltDaemon *self, void (*callback) (gpointer data), gpointer data)
{
  self->on_idle = callback;
  self->on_idle_data = data;
  if (callback && self->operations == 0)
    callback (data);
}

void
quilt_daemon_export (QuiltDaemon *self, const char *path, GDBusInterfaceSkeleton *object)
{
  g_autoptr (GDBusObjectSkeleton) holder = g_dbus_object_skeleton_new (path);

  quilt_admission_guard (self->admission, object);
  g_dbus_object_skeleton_add_interface (holder, object);
  g_dbus_object_manager_server_export (self->objects, holder);
}

void
quilt_daemon_unexport (QuiltDaemon *self, const char *path)
{
  g_dbus_object_manager_server_unexport (self->objects, path);
}
