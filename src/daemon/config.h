/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads quiltd.conf and its drop-ins. data/quiltd.conf explains every key. */
#pragma once

#include "daemon/host/defaults.h"
#include "daemon/host/journal-budget.h"
#include "daemon/images/images.h"

#include <glib.h>

/* defaults.pids.max without DefaultPidsMax=. It keeps a fork bomb from affecting the whole host. */
#define QUILT_CONFIG_PIDS_MAX 2048

/* The limit of WarmStarts=. Each prepared start is a process, a unit of systemd and two
 * descriptors. */
#define QUILT_CONFIG_WARM_STARTS_MAX 1024

typedef struct {
  QuiltDefaults defaults;       /* of containers */
  guint64 max_pending_per_user; /* limit for unanswered calls of each uid except 0 */
  QuiltImportLimits import_limits;
  QuiltSetupLimits setup_limits;
  QuiltJournalShare journal_share;
  guint64 exit_idle_usec; /* QUILT_INFINITY: never */
  guint64 warm_starts;    /* at most QUILT_CONFIG_WARM_STARTS_MAX */
  int log_level;          /* syslog(3) priority; less urgent messages are dropped */
} QuiltConfig;

void quilt_config_free (QuiltConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltConfig, quilt_config_free)

/* Reads quiltd.conf and quiltd.conf.d/NAME.conf in each of directories (NULL-terminated, the most
 * important one last; missing files are skipped). Of files with the same name, only the most
 * important one is read. Drop-ins override quiltd.conf key by key, in the order of their names. An
 * unknown section or key, an invalid value or an unreadable file sets INVALID_ARGUMENT, which names
 * file and key. */
QuiltConfig *quilt_config_load (const char *const *directories, GError **error);
