/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd's parts, and what ties them together. */
#pragma once

#include "daemon/bus/hub.h"
#include "daemon/config.h"
#include "daemon/containers/containers.h"
#include "daemon/helpers/doctor.h"
#include "daemon/helpers/programs.h"
#include "daemon/images/images.h"
#include "store/store.h"
#include "systemd/systemd.h"

#include <gio/gio.h>

typedef struct {
  QuiltHub *hub;
  QuiltSystemd *systemd;
  QuiltConfig *config;
  QuiltStore *store;
  QuiltImages *images;
  QuiltContainers *containers;
  QuiltDoctor *doctor;
  QuiltPrograms *programs;
  guint summary; /* summary.c's timer */
} QuiltDaemon;

typedef struct {
  const char *state_dir;
  const char *run_dir;
  const char *libexec_dir;
  const char *cache_dir;
} QuiltDaemonPaths;

/* Takes config over, even on failure. BUSY when another quiltd has the state directory. */
QuiltDaemon *quilt_daemon_new (GDBusConnection *bus,
                               const QuiltDaemonPaths *paths,
                               QuiltConfig *config,
                               GError **error);
void quilt_daemon_free (QuiltDaemon *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltDaemon, quilt_daemon_free)

/* Takes config over; in force for what begins from now on. */
void quilt_daemon_set_config (QuiltDaemon *self, QuiltConfig *config);
