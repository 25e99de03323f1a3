/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of quiltd, and how they are connected. */
#include "daemon/daemon.h"

#include "daemon/containers/container.h"
#include "daemon/containers/methods.h"
#include "daemon/images/collect.h"
#include "daemon/images/methods.h"

QuiltDaemon *
quilt_daemon_new (QuiltDbus *bus,
                  const QuiltDaemonPaths *paths,
                  QuiltConfig *config,
                  GError **error)
{
  g_autoptr (QuiltDaemon) self = g_new0 (QuiltDaemon, 1);

  self->config = config;
  self->store = quilt_store_open (paths->state_dir, error);
  self->programs = self->store ? quilt_programs_open (paths->libexec_dir, error) : NULL;
  if (!self->programs)
    return NULL;
  self->hub = quilt_hub_new (bus, config->max_pending_per_user);
  self->systemd = quilt_systemd_new (bus);
  self->doctor = quilt_doctor_new (self->hub, self->programs, quilt_store_get_path (self->store));
  self->images = quilt_images_new (self->hub, self->store, self->programs, quilt_image_methods);
  quilt_images_set_limits (self->images, &config->import_limits, &config->setup_limits);
  self->containers =
      quilt_containers_new (self->hub, self->images, self->store, self->systemd, self->programs,
                            quilt_container_methods, paths->run_dir, paths->cache_dir, error);
  if (!self->containers ||
      !quilt_containers_configure (self->containers, &config->defaults, &config->journal_share,
                                   (guint)config->warm_starts, error))
    return NULL;
  self->sessions = quilt_sessions_new (self->containers);
  return g_steal_pointer (&self);
}

void
quilt_daemon_free (QuiltDaemon *self)
{
  if (!self)
    return;
  g_clear_handle_id (&self->summary, g_source_remove);
  /* Before the tables are freed: objects on the bus are references to their contents. */
  if (self->hub)
    quilt_hub_withdraw (self->hub);
  g_clear_pointer (&self->sessions, quilt_sessions_free);
  if (self->containers)
    quilt_container_release_images (self->containers);
  g_clear_pointer (&self->containers, quilt_containers_free);
  g_clear_pointer (&self->images, quilt_images_free);
  g_clear_pointer (&self->doctor, quilt_doctor_free);
  g_clear_pointer (&self->systemd, quilt_systemd_free);
  g_clear_pointer (&self->hub, quilt_hub_free);
  g_clear_pointer (&self->programs, quilt_programs_free);
  g_clear_pointer (&self->store, quilt_store_unref);
  g_clear_pointer (&self->config, quilt_config_free);
  g_free (self);
}

void
quilt_daemon_set_config (QuiltDaemon *self, QuiltConfig *config)
{
  quilt_config_free (self->config);
  self->config = config;
  quilt_images_set_limits (self->images, &config->import_limits, &config->setup_limits);
  quilt_image_collect_setups (self->images);
  quilt_containers_configure (self->containers, &config->defaults, &config->journal_share,
                              (guint)config->warm_starts, NULL);
  quilt_hub_set_max_pending (self->hub, config->max_pending_per_user);
}
