/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by all containers. */
#include "daemon/containers/containers.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>

#define TOMBS 1024

static int
open_run_dir (const char *run_dir, GError **error)
{
  int fd;

  if (g_mkdir_with_parents (run_dir, 0755) < 0) {
    quilt_set_error_errno (error, errno, "Failed to make directory '%s'", run_dir);
    return -1;
  }
  fd = open (run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    quilt_set_error_errno (error, errno, "Failed to open directory '%s'", run_dir);
  return fd;
}

QuiltContainers *
quilt_containers_new (QuiltHub *hub,
                      QuiltImages *images,
                      QuiltStore *store,
                      QuiltSystemd *systemd,
                      const QuiltPrograms *programs,
                      const char *run_dir,
                      const char *cache_dir,
                      GError **error)
{
  g_autoptr (QuiltContainers) self = g_new0 (QuiltContainers, 1);
  g_autofd int run_fd = open_run_dir (run_dir, error);

  self->hub = hub;
  self->images = images;
  self->store = quilt_store_ref (store);
  self->systemd = systemd;
  self->programs = programs;
  self->run_dir = g_canonicalize_filename (run_dir, NULL);
  self->run_dirs = run_fd >= 0 ? quilt_run_dirs_new (run_fd, self->run_dir, error) : NULL;
  self->tombs_fd = self->run_dirs ? quilt_dir_ensure (run_fd, "ended", error) : -1;
  if (self->tombs_fd < 0)
    return NULL;
  self->index =
      quilt_index_new ("container", "'quiltctl list' lists the containers", g_object_unref);
  self->tombs = quilt_tombs_new (TOMBS, self->tombs_fd);
  self->id_ranges = quilt_id_ranges_new ();
  self->filters = quilt_filters_new (programs->path, programs->fd, cache_dir);
  self->spare = quilt_spare_new (programs->path, programs->fd);
  return g_steal_pointer (&self);
}

void
quilt_containers_free (QuiltContainers *self)
{
  if (!self)
    return;
  g_clear_pointer (&self->index, quilt_index_free);
  g_clear_pointer (&self->tombs, quilt_tombs_free);
  g_clear_pointer (&self->spare, quilt_spare_free);
  g_clear_pointer (&self->journal_budget, quilt_journal_budget_free);
  g_clear_pointer (&self->filters, quilt_filters_free);
  g_clear_pointer (&self->id_ranges, quilt_id_ranges_free);
  g_clear_pointer (&self->store, quilt_store_unref);
  g_clear_pointer (&self->run_dirs, quilt_run_dirs_free);
  quilt_fd_clear (&self->tombs_fd);
  g_free (self->run_dir);
  g_free (self);
}

gboolean
quilt_containers_configure (QuiltContainers *self,
                            const QuiltDefaults *defaults,
                            const QuiltJournalShare *share,
                            GError **error)
{
  self->defaults = *defaults;
  if (self->journal_budget)
    quilt_journal_budget_set (self->journal_budget, share);
  else
    self->journal_budget = quilt_journal_budget_new (self->run_dir, share, error);
  return self->journal_budget != NULL;
}
