/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd.conf and its drop-ins as values; data/quiltd.conf names and explains every key. */
#pragma once

#include "daemon/host/defaults.h"
#include "daemon/host/journal-budget.h"
#include "daemon/images/images.h"

#include <glib.h>

/* What defaults.pids.max is without DefaultPidsMax=: a fork bomb must not reach the whole host. */
#define QUILT_CONFIG_PIDS_MAX 2048

typedef struct {
  QuiltDefaults defaults;       /* of containers */
  guint64 max_pending_per_user; /* unanswered calls of a uid other than 0 */
  QuiltImportLimits import_limits;
  QuiltJournalShare journal_share;
  guint64 exit_idle_usec; /* QUILT_INFINITY: never */
  int log_level;          /* syslog(3) priority: what is less urgent is not logged */
} QuiltConfig;

void quilt_config_free (QuiltConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltConfig, quilt_config_free)

/* Reads quiltd.conf and quiltd.conf.d/NAME.conf below each of directories (NULL-terminated, the
 * most important one last; what is not there is skipped). Of several files of one name the most
 * important one is read; drop-ins come after quiltd.conf, sorted by name, and override it key by
 * key. An unknown section or key, a bad value, an unreadable file: INVALID_ARGUMENT naming file and
 * key. */
QuiltConfig *quilt_config_load (const char *const *directories, GError **error);
