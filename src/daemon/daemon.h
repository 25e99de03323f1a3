/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all objects of quiltd share: its services, its directories, its tables. */
#pragma once

#include "daemon/bus/hub.h"
#include "daemon/bus/index.h"
#include "daemon/config.h"
#include "daemon/containers/tombs.h"
#include "daemon/helpers/doctor.h"
#include "daemon/helpers/filters.h"
#include "daemon/helpers/spare.h"
#include "daemon/host/id-ranges.h"
#include "daemon/host/journal-budget.h"
#include "daemon/images/images.h"
#include "store/store.h"
#include "systemd/systemd.h"

#include <gio/gio.h>

typedef struct {
  QuiltHub *hub;
  QuiltSystemd *systemd;
  QuiltConfig *config;
  QuiltStore *store;
  QuiltIndex *containers; /* of QuiltContainer */
  QuiltImages *images;
  QuiltTombs *tombs;
  QuiltIdRanges *id_ranges;
  QuiltDoctor *doctor;
  QuiltFilters *filters;
  QuiltSpare *spare;
  QuiltJournalBudget *journal_budget;
  QuiltPrograms *programs;
  char *run_dir;
  int runs_fd;  /* its containers/ */
  int tombs_fd; /* its ended/ */
  int units_fd; /* /run/systemd/units, -1 where there is none */

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
