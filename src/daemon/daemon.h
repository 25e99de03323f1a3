/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of quiltd, and how they are connected. */
#pragma once

#include "daemon/bus/hub.h"
#include "daemon/config.h"
#include "daemon/containers/containers.h"
#include "daemon/helpers/doctor.h"
#include "daemon/helpers/programs.h"
#include "daemon/images/images.h"
#include "daemon/sessions/sessions.h"
#include "store/store.h"
#include "systemd/systemd.h"

typedef struct {
  QuiltHub *hub;
  QuiltSystemd *systemd;
  QuiltConfig *config;
  QuiltStore *store;
  QuiltImages *images;
  QuiltContainers *containers;
  QuiltSessions *sessions;
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

/* Takes ownership of config, even on failure. BUSY if another quiltd has the state directory. bus,
 * which is borrowed, is the bus of callers, polkit and systemd; it serves calls from now on. */
QuiltDaemon *quilt_daemon_new (QuiltDbus *bus,
                               const QuiltDaemonPaths *paths,
                               QuiltConfig *config,
                               GError **error);
void quilt_daemon_free (QuiltDaemon *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltDaemon, quilt_daemon_free)

/* Takes ownership of config, which applies to everything that begins from now on. */
void quilt_daemon_set_config (QuiltDaemon *self, QuiltConfig *config);
