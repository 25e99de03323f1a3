/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by all containers: their table, the objects to make them with, and the directory of their
 * runs. */
#pragma once

#include "daemon/bus/hub.h"
#include "daemon/bus/index.h"
#include "daemon/containers/run-dir.h"
#include "daemon/containers/tombs.h"
#include "daemon/helpers/filters.h"
#include "daemon/helpers/programs.h"
#include "daemon/helpers/spare.h"
#include "daemon/host/defaults.h"
#include "daemon/host/id-ranges.h"
#include "daemon/host/journal-budget.h"
#include "daemon/images/images.h"
#include "store/store.h"
#include "systemd/systemd.h"

typedef struct {
  QuiltHub *hub;
  QuiltImages *images;
  QuiltStore *store;
  QuiltSystemd *systemd;
  const QuiltPrograms *programs;
  QuiltIndex *index; /* of QuiltContainer */
  QuiltTombs *tombs;
  QuiltIdRanges *id_ranges;
  QuiltFilters *filters;
  QuiltSpare *spare;
  QuiltJournalBudget *journal_budget;
  QuiltDefaults defaults;
  QuiltRunDirs *run_dirs;
  char *run_dir;
  int tombs_fd; /* its ended/ */
} QuiltContainers;

/* Borrows hub, images, systemd and programs. */
QuiltContainers *quilt_containers_new (QuiltHub *hub,
                                       QuiltImages *images,
                                       QuiltStore *store,
                                       QuiltSystemd *systemd,
                                       const QuiltPrograms *programs,
                                       const char *run_dir,
                                       const char *cache_dir,
                                       GError **error);
void quilt_containers_free (QuiltContainers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltContainers, quilt_containers_free)

/* Once before the first container, and again for what begins from then on. */
gboolean quilt_containers_configure (QuiltContainers *self,
                                     const QuiltDefaults *defaults,
                                     const QuiltJournalShare *share,
                                     GError **error);
