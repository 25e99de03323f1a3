/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all objects of quiltd share: its services, its directories, its tables. */
#pragma once

#include "daemon/bus/admission.h"
#include "daemon/bus/authority.h"
#include "daemon/bus/index.h"
#include "daemon/bus/quota.h"
#include "daemon/config.h"
#include "daemon/containers/tombs.h"
#include "daemon/helpers/filters.h"
#include "daemon/helpers/spare.h"
#include "daemon/host/id-ranges.h"
#include "daemon/host/journal-budget.h"
#include "store/store.h"
#include "systemd/systemd.h"

#include <gio/gio.h>

#define QUILT_BUS_NAME "org.quilt"
#define QUILT_BUS_ROOT "/org/quilt"

typedef struct {
  GDBusConnection *bus;
  GDBusObjectManagerServer *objects;
  struct QuiltManagedObjects *managed_objects; /* to be told of them, see managed-objects.h */
  QuiltAdmission *admission;
  QuiltAuthority *authority;
  QuiltQuota *quota;
  QuiltSystemd *systemd;
  QuiltConfig *config;
  QuiltStore *store;
  QuiltIndex *containers; /* of QuiltContainer */
  QuiltIndex *images;     /* of QuiltImage */
  QuiltTombs *tombs;
  QuiltIdRanges *id_ranges;
  struct QuiltDiagnosis *diagnosis; /* that is under way, see doctor.c */
  GQueue imports;                   /* whose archive is unpacked, see import.c */
  GThreadPool *in_turn;             /* one thread: changes of images, one after the other */
  QuiltFilters *filters;
  QuiltSpare *spare;
  QuiltJournalBudget *journal_budget;
  char *libexec_dir;
  int helpers_fd; /* the same, read-only: see quilt_helper_open_dir() */
  char *run_dir;
  int runs_fd;  /* its containers/ */
  int tombs_fd; /* its ended/ */
  int units_fd; /* /run/systemd/units, -1 where there is none */

  guint summary;    /* summary.c's timer */
  guint operations; /* calls that change something and are not answered */
  void (*on_idle) (gpointer data);
  gpointer on_idle_data;
  guint64 last_job;
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

/* An operation between the two is finished before the daemon ends, when that is asked for. */
void quilt_daemon_hold (QuiltDaemon *self);
void quilt_daemon_release (QuiltDaemon *self);

/* Calls callback whenever nothing is held, the first time maybe at once. NULL: no longer. */
void quilt_daemon_when_idle (QuiltDaemon *self, void (*callback) (gpointer data), gpointer data);

/* Puts object on the bus at path, and takes it off again. */
void quilt_daemon_export (QuiltDaemon *self, const char *path, GDBusInterfaceSkeleton *object);
void quilt_daemon_unexport (QuiltDaemon *self, const char *path);
