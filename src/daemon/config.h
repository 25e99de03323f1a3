/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd.conf and its drop-ins as values; data/quiltd.conf names and explains every key. */
#pragma once

#include <glib.h>

/* What default_pids.max is without DefaultPidsMax=: a fork bomb must not reach the whole host. */
#define QUILT_CONFIG_PIDS_MAX 2048

/* One of the two, the other is 0. */
typedef struct {
  guint64 percent; /* of the size that journald lets the journal have */
  guint64 bytes;   /* QUILT_INFINITY: no limit */
} QuiltJournalShare;

typedef struct {
  guint64 max;     /* QUILT_INFINITY: no limit */
  gboolean is_set; /* in a file; otherwise max is the built-in limit */
} QuiltConfigPids;

typedef struct {
  guint64 default_stop_timeout_usec; /* QUILT_INFINITY: none */
  guint64 default_memory_max;        /* bytes; QUILT_INFINITY: no limit */
  guint64 default_cpu_quota_usec;    /* per second; QUILT_INFINITY: no limit */
  QuiltConfigPids default_pids;
  guint64 max_pending_per_user; /* unanswered calls of a uid other than 0 */
  guint64 import_max_bytes;     /* unpacked */
  guint64 import_max_entries;
  QuiltJournalShare journal_share; /* that all containers together may fill … */
  guint64 journal_interval_usec;   /* … within this time; whole seconds count */
  gboolean strict_limits;          /* a limit that can't be in force is an error */
  int log_level;                   /* syslog(3) priority: what is less urgent is not logged */
} QuiltConfig;

void quilt_config_free (QuiltConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltConfig, quilt_config_free)

/* Reads quiltd.conf and quiltd.conf.d/NAME.conf below each of directories (NULL-terminated, the
 * most important one last; what is not there is skipped). Of several files of one name the most
 * important one is read; drop-ins come after quiltd.conf, sorted by name, and override it key by
 * key. An unknown section or key, a bad value, an unreadable file: INVALID_ARGUMENT naming file and
 * key. */
QuiltConfig *quilt_config_load (const char *const *directories, GError **error);

/* options, an a{sv} of CreateContainer, with the configured defaults for the keys that it lacks;
 * floating. */
GVariant *quilt_config_complete_options (const QuiltConfig *config, GVariant *options);
