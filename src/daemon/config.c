/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads quiltd.conf and its drop-ins. */
#include "daemon/config.h"

#include "base/error.h"
#include "daemon/host/config-files.h"
#include "spec/options/options.h"
#include "spec/quantities.h"

#include <string.h>
#include <syslog.h>

#define SECTION "Manager"

typedef gboolean (*ParseFunc) (const char *text, gpointer member, GError **error);

typedef struct {
  const char *key;
  ParseFunc parse;
  gsize offset;
} Key;

static gboolean
parse_bytes (const char *text, gpointer member, GError **error)
{
  return quilt_parse_bytes (text, member, error);
}

static gboolean
parse_cpus (const char *text, gpointer member, GError **error)
{
  return quilt_parse_cpus (text, member, error);
}

static gboolean
parse_duration (const char *text, gpointer member, GError **error)
{
  return quilt_parse_duration (text, member, error);
}

static gboolean
parse_count (const char *text, gpointer member, GError **error)
{
  /* The limit fits into every type that holds a count. */
  if (g_ascii_string_to_unsigned (text, 10, 1, G_MAXINT32, member, NULL))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "'%s' is not a number from 1 to %d", text, G_MAXINT32);
  return FALSE;
}

static gboolean
parse_limit (const char *text, gpointer member, GError **error)
{
  guint64 *limit = member;

  if (!g_str_equal (text, "infinity"))
    return parse_count (text, member, error);
  *limit = QUILT_INFINITY;
  return TRUE;
}

/* Parses a share of the journal, a number of bytes, or "no limit". */
static gboolean
parse_share (const char *text, gpointer member, GError **error)
{
  QuiltJournalShare *share = member;
  guint64 percent = 0, bytes = 0;
  g_autofree char *number =
      g_str_has_suffix (text, "%") ? g_strndup (text, strlen (text) - 1) : NULL;

  if (number ? g_ascii_string_to_unsigned (number, 10, 1, 100, &percent, NULL)
             : quilt_parse_bytes (text, &bytes, NULL) && bytes > 0) {
    share->percent = percent;
    share->bytes = bytes;
    return TRUE;
  }
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "'%s' is not a share of the journal such as 50%%, 500M or infinity", text);
  return FALSE;
}

static gboolean
parse_interval (const char *text, gpointer member, GError **error)
{
  guint64 usec;

  if (!quilt_parse_duration (text, &usec, error))
    return FALSE;
  if (usec < G_USEC_PER_SEC || usec > G_GUINT64_CONSTANT (30) * 24 * 3600 * G_USEC_PER_SEC) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "'%s' is not a duration from 1s to 30d", text);
    return FALSE;
  }
  *(guint64 *)member = usec;
  return TRUE;
}

/* systemd refuses more than 20 starts of quiltd in 10 s (quiltd.service), so a shorter time could
 * lose calls. */
static gboolean
parse_exit_idle (const char *text, gpointer member, GError **error)
{
  guint64 usec;

  if (!quilt_parse_duration (text, &usec, error))
    return FALSE;
  if (usec > 0 && usec < G_USEC_PER_SEC) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "'%s' is neither a duration of at least 1s nor infinity", text);
    return FALSE;
  }
  *(guint64 *)member = usec > 0 ? usec : QUILT_INFINITY;
  return TRUE;
}

static gboolean
parse_warm_starts (const char *text, gpointer member, GError **error)
{
  if (g_ascii_string_to_unsigned (text, 10, 0, QUILT_CONFIG_WARM_STARTS_MAX, member, NULL))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "'%s' is not a number from 0 to %d", text, QUILT_CONFIG_WARM_STARTS_MAX);
  return FALSE;
}

static gboolean
parse_log_level (const char *text, gpointer member, GError **error)
{
  static const char *const names[] = {
      [LOG_EMERG] = "emerg", [LOG_ALERT] = "alert",     [LOG_CRIT] = "crit",
      [LOG_ERR] = "err",     [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
      [LOG_INFO] = "info",   [LOG_DEBUG] = "debug",
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i], text)) {
      *(int *)member = (int)i;
      return TRUE;
    }
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "'%s' is not one of emerg, alert, crit, err, warning, notice, info, debug", text);
  return FALSE;
}

static gboolean
parse_pids (const char *text, gpointer member, GError **error)
{
  QuiltDefaultPids *pids = member;

  pids->is_set = parse_limit (text, &pids->max, error);
  return pids->is_set;
}

/* As in systemd, 0 means that there is no limit. */
static gboolean
parse_timeout (const char *text, gpointer member, GError **error)
{
  guint64 usec;

  if (!quilt_parse_duration (text, &usec, error))
    return FALSE;
  *(guint64 *)member = usec > 0 ? usec : QUILT_INFINITY;
  return TRUE;
}

static gboolean
parse_setup_bytes (const char *text, gpointer member, GError **error)
{
  QuiltSetupLimits *limits = member;

  limits->is_set = quilt_parse_bytes (text, &limits->max_bytes, error);
  return limits->is_set;
}

static gboolean
parse_boolean (const char *text, gpointer member, GError **error)
{
  static const char *const yes[] = {"yes", "true", "on", "1", NULL};
  static const char *const no[] = {"no", "false", "off", "0", NULL};

  if (!g_strv_contains (yes, text) && !g_strv_contains (no, text)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "'%s' is neither yes nor no",
                 text);
    return FALSE;
  }
  *(gboolean *)member = g_strv_contains (yes, text);
  return TRUE;
}

static const Key keys[] = {
    {"LogLevel", parse_log_level, offsetof (QuiltConfig, log_level)},
    {"MaxPendingPerUser", parse_count, offsetof (QuiltConfig, max_pending_per_user)},
    {"DefaultStopTimeout", parse_duration, offsetof (QuiltConfig, defaults.stop_timeout_usec)},
    {"DefaultMemoryMax", parse_bytes, offsetof (QuiltConfig, defaults.memory_max)},
    {"DefaultCPUQuota", parse_cpus, offsetof (QuiltConfig, defaults.cpu_quota_usec)},
    {"DefaultPidsMax", parse_pids, offsetof (QuiltConfig, defaults.pids)},
    {"StrictLimits", parse_boolean, offsetof (QuiltConfig, defaults.strict_limits)},
    {"ImportMaxBytes", parse_bytes, offsetof (QuiltConfig, import_limits.max_bytes)},
    {"ImportMaxEntries", parse_limit, offsetof (QuiltConfig, import_limits.max_entries)},
    {"SetupCacheMaxBytes", parse_setup_bytes, offsetof (QuiltConfig, setup_limits)},
    {"SetupCacheTimeoutSec", parse_timeout, offsetof (QuiltConfig, setup_limits.timeout_usec)},
    {"JournalShare", parse_share, offsetof (QuiltConfig, journal_share)},
    {"JournalInterval", parse_interval, offsetof (QuiltConfig, journal_share.interval_usec)},
    {"WarmStarts", parse_warm_starts, offsetof (QuiltConfig, warm_starts)},
    {"ExitIdleSec", parse_exit_idle, offsetof (QuiltConfig, exit_idle_usec)},
};

static QuiltConfig *
config_new (void)
{
  g_autoptr (QuiltOptions) options = quilt_options_new ();
  QuiltConfig *config = g_new0 (QuiltConfig, 1);

  config->log_level = LOG_INFO;
  config->max_pending_per_user = 64;
  config->defaults.stop_timeout_usec = options->stop_timeout_usec;
  config->defaults.memory_max = options->memory_max;
  config->defaults.cpu_quota_usec = options->cpu_quota_usec;
  config->defaults.pids.max = QUILT_CONFIG_PIDS_MAX;
  config->import_limits.max_bytes = G_GUINT64_CONSTANT (64) << 30;
  config->import_limits.max_entries = 10 * 1000 * 1000;
  config->setup_limits.max_bytes = G_GUINT64_CONSTANT (10) << 30;
  config->setup_limits.timeout_usec = 90 * (guint64)G_USEC_PER_SEC;
  config->exit_idle_usec = QUILT_INFINITY;
  config->journal_share = (QuiltJournalShare){
      .percent = 50, .interval_usec = G_GUINT64_CONSTANT (3600) * G_USEC_PER_SEC};
  return config;
}

void
quilt_config_free (QuiltConfig *config)
{
  g_free (config);
}

static gboolean
apply (QuiltConfig *config, const char *key, const char *value, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_equal (keys[i].key, key))
      return keys[i].parse (value, (char *)config + keys[i].offset, error);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "there is no such key; quiltd.conf(5) lists them");
  return FALSE;
}

static gboolean
read_file (QuiltConfig *config, const char *path, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) sections = NULL;
  g_auto (GStrv) found = NULL;
  g_autoptr (GError) why = NULL;

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_KEEP_TRANSLATIONS, &why)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to read '%s': %s", path,
                 why->message);
    return FALSE;
  }
  sections = g_key_file_get_groups (file, NULL);
  for (char **section = sections; *section; section++)
    if (!g_str_equal (*section, SECTION)) {
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                   "Failed to read '%s': there is no section [%s], only [" SECTION "]", path,
                   *section);
      return FALSE;
    }
  found = g_key_file_get_keys (file, SECTION, NULL, NULL);
  for (char **key = found; key && *key; key++) {
    g_autofree char *value = g_key_file_get_string (file, SECTION, *key, &why);

    if (!value || !apply (config, *key, value, &why)) {
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to read '%s': %s=: %s",
                   path, *key, why->message);
      return FALSE;
    }
  }
  return TRUE;
}

QuiltConfig *
quilt_config_load (const char *const *directories, GError **error)
{
  g_autoptr (QuiltConfig) config = config_new ();
  g_autoptr (GPtrArray) files = quilt_config_files_find (directories, "quiltd.conf", error);

  if (!files)
    return NULL;
  for (guint i = 0; i < files->len; i++)
    if (!read_file (config, files->pdata[i], error))
      return NULL;
  return g_steal_pointer (&config);
}
