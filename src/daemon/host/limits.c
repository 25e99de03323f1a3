/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks that this host has what a container's limits need. */
#include "daemon/host/limits.h"

#include "base/error.h"
#include "base/option-error.h"
#include "daemon/bus/event.h"
#include "spec/options/controllers.h"
#include "spec/options/resources.h"
#include "systemd/cgroup.h"

#include <errno.h>
#include <sys/stat.h>

static gboolean
is_within (const GByteArray *set, const GByteArray *whole)
{
  for (guint i = 0; i < set->len; i++)
    if (set->data[i] & ~(i < whole->len ? whole->data[i] : 0))
      return FALSE;
  return TRUE;
}

static gboolean
check_set (const char *key, const char *list, const char *file, GError **error)
{
  g_autofree char *online = NULL;
  g_autoptr (GByteArray) have = NULL;
  g_autoptr (GByteArray) set = NULL;

  if (!list || !*list)
    return TRUE;
  /* A kernel without support for memory nodes has only node 0. */
  if (!g_file_get_contents (file, &online, NULL, NULL))
    online = g_strdup ("0");
  set = quilt_cpu_list_parse (list, error);
  have = set ? quilt_cpu_list_parse (g_strchomp (online), error) : NULL;
  if (!have || is_within (set, have))
    return have != NULL;
  return quilt_option_error_set (error, QUILT_ERROR_INVALID_ARGUMENT, key,
                                 " to '%s': this host has %s", list, online);
}

static gboolean
check_devices (const char *key, GVariant *rates, GError **error)
{
  for (gsize i = 0; i < quilt_entries_count (rates); i++) {
    const char *path;
    struct stat st;
    int r;

    g_variant_get_child (rates, i, "(&st)", &path, NULL);
    r = stat (path, &st);
    if (r == 0 && S_ISBLK (st.st_mode))
      continue;
    return quilt_option_error_refuse (
        error, key, path, r < 0 ? g_strerror (errno) : "this is not a block device; see lsblk");
  }
  return TRUE;
}

static gboolean
check_timezone (const QuiltOptions *options, GError **error)
{
  g_autofree char *path = quilt_options_get_timezone_file (options);
  struct stat st;

  if (!path || (stat (path, &st) == 0 && S_ISREG (st.st_mode)))
    return TRUE;
  return quilt_option_error_set (error, QUILT_ERROR_INVALID_ARGUMENT, "timezone",
                                 " to '%s': this host has no file %s; timedatectl list-timezones "
                                 "prints the zones that it has",
                                 options->timezone, path);
}

static gboolean
check_strict (const QuiltDefaults *defaults, const QuiltOptions *options, GError **error)
{
  g_autofree char *missing = options->strict_limits || defaults->strict_limits
                                 ? quilt_host_limits_missing (defaults, options)
                                 : NULL;

  if (!missing)
    return TRUE;
  if (options->strict_limits)
    return quilt_option_error_set (error, QUILT_ERROR_NOT_SUPPORTED, "strict-limits",
                                   ": this host lacks cgroup controllers (%s); see quiltctl "
                                   "doctor, or leave the option out",
                                   missing);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
               "Failed to limit the container: this host lacks cgroup controllers (%s); see "
               "quiltctl doctor, or leave out StrictLimits= of quiltd.conf",
               missing);
  return FALSE;
}

gboolean
quilt_host_limits_check (const QuiltDefaults *defaults, const QuiltOptions *options, GError **error)
{
  return check_timezone (options, error) &&
         check_set ("cpuset-cpus", options->cpuset_cpus, "/sys/devices/system/cpu/online", error) &&
         check_set ("cpuset-mems", options->cpuset_mems, "/sys/devices/system/node/has_memory",
                    error) &&
         check_devices ("device-read-bps", options->device_read_bps, error) &&
         check_devices ("device-write-bps", options->device_write_bps, error) &&
         check_devices ("device-read-iops", options->device_read_iops, error) &&
         check_devices ("device-write-iops", options->device_write_iops, error) &&
         check_strict (defaults, options, error);
}

char *
quilt_host_limits_missing (const QuiltDefaults *defaults, const QuiltOptions *options)
{
  g_autoptr (QuiltOptions) built_in = quilt_options_new ();
  g_autofree char *asked = NULL;
  g_autofree char *have = NULL;

  /* The user did not ask for the built-in limit, so do not warn about it. quiltctl doctor reports
   * it. */
  if (!defaults->pids.is_set)
    built_in->pids_max = defaults->pids.max;
  asked = quilt_options_missing_controllers (options, built_in, "");
  if (!asked)
    return NULL;
  have = quilt_cgroup_controllers ();
  return quilt_options_missing_controllers (options, built_in, have);
}

char *
quilt_host_limits_missing_defaults (const QuiltDefaults *defaults)
{
  g_autoptr (QuiltOptions) options = quilt_options_new ();

  options->memory_max = defaults->memory_max;
  options->cpu_quota_usec = defaults->cpu_quota_usec;
  options->pids_max = defaults->pids.max;
  return quilt_host_limits_missing (defaults, options);
}

void
quilt_host_limits_warn (const QuiltContainerRecord *record, const char *missing)
{
  quilt_event_log (
      QUILT_EVENT_LIMITS_MISSING,
      &(QuiltEventFields){.container_id = record->id, .container_name = record->options->name},
      "Container %s runs without some of its limits, since this host lacks cgroup controllers: %s",
      record->options->name, missing);
}
