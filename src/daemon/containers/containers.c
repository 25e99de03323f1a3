/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of all containers, and the objects that containers share. */
#include "daemon/containers/containers.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "daemon/bus/index.h"
#include "daemon/containers/names.h"
#include "daemon/containers/tombs.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>

#define TOMBS 1024

struct QuiltContainers {
  QuiltContainersParts parts;
  QuiltIndex *index;   /* of QuiltContainer */
  GHashTable *leaving; /* owned QuiltContainer → scope */
  QuiltTombs *tombs;
  char *run_dir;
  int tombs_fd; /* directory ended/ */
};

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
                      const QuiltMethodHandler *methods,
                      const char *run_dir,
                      const char *cache_dir,
                      GError **error)
{
  g_autoptr (QuiltContainers) self = g_new0 (QuiltContainers, 1);
  g_autofd int run_fd = open_run_dir (run_dir, error);

  self->parts.hub = hub;
  self->parts.images = images;
  self->parts.store = quilt_store_ref (store);
  self->parts.systemd = systemd;
  self->parts.programs = programs;
  self->parts.methods = methods;
  self->run_dir = g_canonicalize_filename (run_dir, NULL);
  self->parts.run_dirs = run_fd >= 0 ? quilt_run_dirs_new (run_fd, self->run_dir, error) : NULL;
  self->tombs_fd = self->parts.run_dirs ? quilt_dir_ensure (run_fd, "ended", error) : -1;
  if (self->tombs_fd < 0)
    return NULL;
  self->index =
      quilt_index_new ("container", "'quiltctl list' lists the containers", g_object_unref);
  self->leaving = g_hash_table_new_full (NULL, NULL, g_object_unref, g_free);
  self->tombs = quilt_tombs_new (TOMBS, self->tombs_fd);
  self->parts.id_ranges = quilt_id_ranges_new ();
  self->parts.filters = quilt_filters_new (programs->path, programs->fd, cache_dir);
  self->parts.spare = quilt_spare_new (programs->path, programs->fd);
  self->parts.setups = quilt_setups_new ();
  self->parts.warm = quilt_warm_new (hub, self->index, systemd, self->parts.spare);
  return g_steal_pointer (&self);
}

void
quilt_containers_free (QuiltContainers *self)
{
  if (!self)
    return;
  g_clear_pointer (&self->parts.warm, quilt_warm_free); /* it has names in the index */
  g_clear_pointer (&self->parts.setups, quilt_setups_free);
  g_clear_pointer (&self->index, quilt_index_free);
  g_clear_pointer (&self->leaving, g_hash_table_unref);
  g_clear_pointer (&self->tombs, quilt_tombs_free);
  g_clear_pointer (&self->parts.spare, quilt_spare_free);
  g_clear_pointer (&self->parts.journal_budget, quilt_journal_budget_free);
  g_clear_pointer (&self->parts.filters, quilt_filters_free);
  g_clear_pointer (&self->parts.id_ranges, quilt_id_ranges_free);
  g_clear_pointer (&self->parts.store, quilt_store_unref);
  g_clear_pointer (&self->parts.run_dirs, quilt_run_dirs_free);
  quilt_fd_clear (&self->tombs_fd);
  g_free (self->run_dir);
  g_free (self);
}

gboolean
quilt_containers_configure (QuiltContainers *self,
                            const QuiltDefaults *defaults,
                            const QuiltJournalShare *share,
                            guint warm_starts,
                            GError **error)
{
  self->parts.defaults = *defaults;
  quilt_warm_set (self->parts.warm, warm_starts, defaults);
  if (self->parts.journal_budget)
    quilt_journal_budget_set (self->parts.journal_budget, share);
  else
    self->parts.journal_budget = quilt_journal_budget_new (self->run_dir, share, error);
  return self->parts.journal_budget != NULL;
}

const QuiltContainersParts *
quilt_containers_parts (const QuiltContainers *self)
{
  return &self->parts;
}

QuiltContainer *
quilt_containers_find (const QuiltContainers *self, const char *text, GError **error)
{
  return quilt_index_find (self->index, text, error);
}

QuiltContainer *
quilt_containers_get (const QuiltContainers *self, const char *id)
{
  return quilt_index_get (self->index, id);
}

GPtrArray *
quilt_containers_list (const QuiltContainers *self)
{
  return quilt_index_list (self->index);
}

guint
quilt_containers_size (const QuiltContainers *self)
{
  return quilt_index_size (self->index);
}

gboolean
quilt_containers_reserve_name (QuiltContainers *self, char **name, GError **error)
{
  if (*name) {
    quilt_warm_yield (self->parts.warm, *name);
    return quilt_index_reserve (self->index, *name, error);
  }
  *name = quilt_names_reserve (self->index);
  return TRUE;
}

void
quilt_containers_draw_name (QuiltContainers *self, QuiltOptions *options)
{
  options->name = quilt_warm_draw (self->parts.warm, options);
  if (!options->name)
    options->name = quilt_names_reserve (self->index);
}

/* A start that was prepared for a container of that name is not needed any more. */
static void
unname (QuiltContainers *self, const char *name)
{
  quilt_warm_drop (self->parts.warm, name);
  quilt_index_unname (self->index, name);
}

void
quilt_containers_release_name (QuiltContainers *self, const char *name)
{
  unname (self, name);
}

void
quilt_containers_add (QuiltContainers *self,
                      const char *id,
                      const char *name,
                      QuiltContainer *container)
{
  quilt_index_add (self->index, id, g_object_ref (container));
  quilt_index_name (self->index, name, container);
}

void
quilt_containers_rename (QuiltContainers *self,
                         QuiltContainer *container,
                         const char *old_name,
                         const char *new_name)
{
  unname (self, old_name);
  quilt_index_name (self->index, new_name, container);
}

void
quilt_containers_remove (QuiltContainers *self, const char *id, const char *name)
{
  unname (self, name);
  quilt_index_remove (self->index, id);
}

void
quilt_containers_keep_leaving (QuiltContainers *self, QuiltContainer *container, const char *scope)
{
  g_hash_table_replace (self->leaving, g_object_ref (container), g_strdup (scope));
}

void
quilt_containers_drop_leaving (QuiltContainers *self, QuiltContainer *container)
{
  g_hash_table_remove (self->leaving, container);
}

QuiltContainer *
quilt_containers_find_leaving (const QuiltContainers *self, const char *scope)
{
  GHashTableIter iter;
  gpointer container, its_scope;

  g_hash_table_iter_init (&iter, self->leaving);
  while (g_hash_table_iter_next (&iter, &container, &its_scope))
    if (g_str_equal (its_scope, scope))
      return container;
  return NULL;
}

void
quilt_containers_remember_end (QuiltContainers *self,
                               const char *id,
                               int exit_code,
                               const char *reason)
{
  quilt_tombs_add (self->tombs, id, exit_code, reason);
}

gboolean
quilt_containers_recall_end (const QuiltContainers *self,
                             const char *id,
                             int *ret_exit_code,
                             const char **ret_reason)
{
  return quilt_tombs_find (self->tombs, id, ret_exit_code, ret_reason);
}
