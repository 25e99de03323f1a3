/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all objects of quiltd share. */
#include "daemon/daemon.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

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
  self->runs_fd = self->tombs_fd = -1;
  self->units_fd = open ("/run/systemd/units", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
  self->programs = quilt_programs_open (paths->libexec_dir, error);
  if (!self->programs)
    return NULL;
  self->filters = quilt_filters_new (self->programs->path, self->programs->fd, paths->cache_dir);
  self->spare = quilt_spare_new (self->programs->path, self->programs->fd);
  self->hub = quilt_hub_new (bus, config->max_pending_per_user);
  self->systemd = quilt_systemd_new (bus);
  self->containers = quilt_index_new ("container", "'quiltctl list' shows all", g_object_unref);
  self->doctor = quilt_doctor_new (self->hub, self->programs, self->store->path);
  self->images = quilt_images_new (self->hub, self->store, self->programs);
  self->images->limits = config->import_limits;
  self->id_ranges = quilt_id_ranges_new ();
  self->tombs = quilt_tombs_new (TOMBS, self->tombs_fd);
  return g_steal_pointer (&self);
}

void
quilt_daemon_free (QuiltDaemon *self)
{
  if (!self)
    return;
  g_clear_handle_id (&self->summary, g_source_remove);
  /* Before the tables: objects on the bus are references to what is in them. */
  if (self->hub)
    quilt_hub_withdraw (self->hub);
  g_clear_pointer (&self->containers, quilt_index_free);
  g_clear_pointer (&self->images, quilt_images_free);
  g_clear_pointer (&self->tombs, quilt_tombs_free);
  g_clear_pointer (&self->doctor, quilt_doctor_free);
  g_clear_pointer (&self->spare, quilt_spare_free);
  g_clear_pointer (&self->journal_budget, quilt_journal_budget_free);
  g_clear_pointer (&self->filters, quilt_filters_free);
  g_clear_pointer (&self->id_ranges, quilt_id_ranges_free);
  g_clear_pointer (&self->systemd, quilt_systemd_free);
  g_clear_pointer (&self->hub, quilt_hub_free);
  g_clear_pointer (&self->store, quilt_store_unref);
  g_clear_pointer (&self->config, quilt_config_free);
  quilt_fd_clear (&self->runs_fd);
  quilt_fd_clear (&self->tombs_fd);
  quilt_fd_clear (&self->units_fd);
  g_clear_pointer (&self->programs, quilt_programs_free);
  g_free (self->run_dir);
  g_free (self);
}

void
quilt_daemon_set_config (QuiltDaemon *self, QuiltConfig *config)
{
  quilt_config_free (self->config);
  self->config = config;
  self->images->limits = config->import_limits;
  quilt_journal_budget_set (self->journal_budget, &config->journal_share);
  quilt_hub_set_max_pending (self->hub, config->max_pending_per_user);
}
