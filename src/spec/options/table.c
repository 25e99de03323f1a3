/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of a container's options, their defaults and their checks. */
#include "spec/options/table.h"

#include "base/error.h"
#include "base/text.h"
#include "spec/capabilities.h"
#include "spec/id-map.h"
#include "spec/labels.h"
#include "spec/options/devices.h"
#include "spec/options/resources.h"
#include "spec/options/sharing.h"
#include "spec/options/tmpfs.h"
#include "spec/options/volume.h"
#include "spec/rlimits.h"
#include "spec/seccomp/seccomp.h"
#include "spec/slice.h"
#include "spec/sysctl.h"
#include "spec/users.h"
#include "spec/words.h"

#include <string.h>

/* The supervisor, the kernel's tables for two processes and the batches in which each CPU charges
 * memory fit below; less makes a container that is killed before its first instruction. */
#define MEMORY_MIN (4ULL << 20)
#define MEMORY_MIN_TEXT "must be at least 4194304 bytes (4M), or infinity"
/* pids.max is at most 2^22, and one task of the scope is the supervisor's. */
#define PIDS_LIMIT ((1ULL << 22) - 1)
#define PIDS_TEXT "must be 1 to 4194303, or infinity"
/* The kernel gives at least 1 ms per period, and a period is at most 1 s. */
#define CPU_MIN 1000
#define CPU_LIMIT (8192ULL * G_USEC_PER_SEC)
#define CPU_TEXT "must be 1000 (0.001 CPUs) to 8192000000 µs per second (8192 CPUs), or infinity"
#define WEIGHT_TEXT "must be 1 to 10000, or infinity for the host's default"
#define LOW_TEXT "must be 0 to 9223372036854775807 bytes"
#define TIME_LIMIT ((guint64)G_MAXINT64)
/* OCI's hooks have a timeout in seconds. */
#define SETUP_TIMEOUT_TEXT "must be a whole number of seconds in µs (1000000 is one), or infinity"
#define RUNTIME_TEXT "must be 1 to 9223372036854775807 µs, or infinity"
#define TIME_TEXT "must be 0 to 9223372036854775807 µs, or infinity"
/* The kernel's MAX_ARG_STRLEN with the final NUL. */
#define ARGUMENT_LIMIT (32 * 4096)
/* podman's. */
#define SHM_DEFAULT (64ULL << 20)
/* Each byte may take six in JSON, and config.json has to stay below its 4 MiB. */
#define TOTAL_LIMIT (512 * 1024)
/* Nobody writes so many volumes, but a program's arguments may be all files of a directory. */
#define WORDS_LIMIT 16384
/* Ten times the longest profile that is around. */
#define PROFILE_LIMIT (256 * 1024)

static gboolean
refuse (GError **error, const char *key, const char *why)
{
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to set option '%s': %s",
               key, why);
  return FALSE;
}

static gboolean
refuse_value (GError **error, const char *key, const char *value, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (value);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to set option '%s' to '%s': %s", key, quoted, why);
  return FALSE;
}

static gboolean
check_directory (const char *text, GError **error)
{
  return *text == '/' ||
         refuse_value (error, "working-directory", text, "must be an absolute path");
}

static gboolean
check_lengths (const char *key, char **strings, GError **error)
{
  for (; strings && *strings; strings++)
    if (strlen (*strings) >= ARGUMENT_LIMIT)
      return refuse_value (error, key, *strings,
                           "must be shorter than 131072 bytes, the most that the kernel takes");
  return TRUE;
}

static gboolean
check_command (const char *key, char **strings, GError **error)
{
  if (strings && *strings && !**strings)
    return refuse_value (error, key, "", "the program's name is empty");
  return check_lengths (key, strings, error);
}

/* A single empty string takes the image's entrypoint away. */
static gboolean
check_entrypoint (const char *key, char **strings, GError **error)
{
  if (strings && strings[0] && !*strings[0] && strings[1])
    return refuse_value (error, key, "", "the program's name is empty");
  return check_lengths (key, strings, error);
}

static gboolean
check_assignments (const char *key, char **strings, GError **error)
{
  for (char **s = strings; s && *s; s++)
    if (!strchr (*s, '=') || **s == '=')
      return refuse_value (error, key, *s, "must be NAME=VALUE");
  return check_lengths (key, strings, error);
}

/* Whether two labels have the same key, or which comes first. */
static int
compare_keys (const char *a, const char *b)
{
  gsize a_length = strcspn (a, "="), b_length = strcspn (b, "=");
  int order = memcmp (a, b, MIN (a_length, b_length));

  return order ? order : (a_length > b_length) - (a_length < b_length);
}

static int
compare_labels (gconstpointer a, gconstpointer b)
{
  return compare_keys (*(char *const *)a, *(char *const *)b);
}

static void
sort_labels (char **labels)
{
  if (labels)
    qsort (labels, g_strv_length (labels), sizeof *labels, compare_labels);
}

static gboolean
check_labels (const char *key, char **strings, GError **error)
{
  g_auto (GStrv) sorted = g_strdupv (strings);

  if (!check_assignments (key, strings, error))
    return FALSE;
  sort_labels (sorted);
  for (char **s = sorted; s && s[0] && s[1]; s++)
    if (compare_keys (s[0], s[1]) == 0)
      return refuse_value (error, key, s[1], "this key is given twice");
  return TRUE;
}

static gboolean
check_setup (const char *key, char **strings, GError **error)
{
  for (char **s = strings; s && *s; s++) {
    g_auto (GStrv) argv = quilt_setup_step_argv (*s, error);

    if (!argv)
      return FALSE;
  }
  return check_lengths (key, strings, error);
}

static gboolean
check_capabilities (const char *key, char **strings, GError **error)
{
  guint64 mask;

  for (; strings && *strings; strings++)
    if (!quilt_capability_parse (key, *strings, &mask, error))
      return FALSE;
  return TRUE;
}

static gboolean
check_seccomp (const char *text, GError **error)
{
  g_autoptr (QuiltSeccomp) profile = NULL;

  if (g_str_equal (text, QUILT_SECCOMP_DEFAULT) || g_str_equal (text, QUILT_SECCOMP_UNCONFINED))
    return TRUE;
  if (text[strspn (text, " \t\r\n")] != '{')
    return refuse_value (error, "seccomp", text,
                         "must be 'default', 'unconfined' or a profile, which is a JSON object");
  profile = quilt_seccomp_profile_parse (text, strlen (text), error);
  return profile != NULL;
}

#define MEMBER(name) .offset = G_STRUCT_OFFSET (QuiltOptions, name)

const QuiltOption quilt_option_table[] = {
    {"name", QUILT_OPTION_STRING, MEMBER (name), .check_string = quilt_container_name_check},
    {"command", QUILT_OPTION_BYTES, MEMBER (command), .max_items = WORDS_LIMIT,
     .check_strings = check_command},
    {"entrypoint", QUILT_OPTION_BYTES, MEMBER (entrypoint), .max_items = WORDS_LIMIT,
     .check_strings = check_entrypoint},
    {"env", QUILT_OPTION_BYTES, MEMBER (env), .max_items = WORDS_LIMIT,
     .check_strings = check_assignments},
    {"working-directory", QUILT_OPTION_STRING, MEMBER (working_directory),
     .check_string = check_directory},
    {"hostname", QUILT_OPTION_STRING, MEMBER (hostname), .check_string = quilt_hostname_check},
    {"domainname", QUILT_OPTION_STRING, MEMBER (domainname),
     .check_string = quilt_domainname_check},
    {"timezone", QUILT_OPTION_STRING, MEMBER (timezone), .check_string = quilt_timezone_check},
    {"runtime-max", QUILT_OPTION_UINT64, MEMBER (runtime_max_usec), .min = 1, .max = TIME_LIMIT,
     .infinite = TRUE, .allowed = RUNTIME_TEXT},
    {"labels", QUILT_OPTION_STRINGS, MEMBER (labels), .check_strings = check_labels},
    {"setup", QUILT_OPTION_STRINGS, MEMBER (setup), .check_strings = check_setup},
    {"setup-timeout", QUILT_OPTION_UINT64, MEMBER (setup_timeout_usec), .min = G_USEC_PER_SEC,
     .max = TIME_LIMIT, .multiple = G_USEC_PER_SEC, .infinite = TRUE,
     .allowed = SETUP_TIMEOUT_TEXT},
    {"memory-max", QUILT_OPTION_UINT64, MEMBER (memory_max), .live = TRUE, .min = MEMORY_MIN,
     .max = G_MAXINT64, .infinite = TRUE, .allowed = MEMORY_MIN_TEXT},
    {"cpu-quota", QUILT_OPTION_UINT64, MEMBER (cpu_quota_usec), .live = TRUE, .min = CPU_MIN,
     .max = CPU_LIMIT, .infinite = TRUE, .allowed = CPU_TEXT},
    {"pids-max", QUILT_OPTION_UINT64, MEMBER (pids_max), .live = TRUE, .min = 1, .max = PIDS_LIMIT,
     .infinite = TRUE, .allowed = PIDS_TEXT},
    {"memory-high", QUILT_OPTION_UINT64, MEMBER (memory_high), .live = TRUE, .min = MEMORY_MIN,
     .max = G_MAXINT64, .infinite = TRUE, .allowed = MEMORY_MIN_TEXT},
    {"memory-low", QUILT_OPTION_UINT64, MEMBER (memory_low), .live = TRUE, .max = G_MAXINT64,
     .allowed = LOW_TEXT},
    {"memory-swap", QUILT_OPTION_UINT64, MEMBER (memory_swap), .live = TRUE, .max = G_MAXINT64,
     .infinite = TRUE, .allowed = LOW_TEXT ", or infinity"},
    {"cpu-weight", QUILT_OPTION_UINT64, MEMBER (cpu_weight), .live = TRUE, .min = 1, .max = 10000,
     .infinite = TRUE, .allowed = WEIGHT_TEXT},
    {"cpuset-cpus", QUILT_OPTION_STRING, MEMBER (cpuset_cpus), .live = TRUE,
     .check_string = quilt_cpu_list_check},
    {"cpuset-mems", QUILT_OPTION_STRING, MEMBER (cpuset_mems), .live = TRUE,
     .check_string = quilt_node_list_check},
    {"io-weight", QUILT_OPTION_UINT64, MEMBER (io_weight), .live = TRUE, .min = 1, .max = 10000,
     .infinite = TRUE, .allowed = WEIGHT_TEXT},
    {"device-read-bps", QUILT_OPTION_ENTRIES, MEMBER (device_read_bps), .live = TRUE,
     .shape = &quilt_byte_rate_shape, .check_entries = quilt_rates_check},
    {"device-write-bps", QUILT_OPTION_ENTRIES, MEMBER (device_write_bps), .live = TRUE,
     .shape = &quilt_byte_rate_shape, .check_entries = quilt_rates_check},
    {"device-read-iops", QUILT_OPTION_ENTRIES, MEMBER (device_read_iops), .live = TRUE,
     .shape = &quilt_operation_rate_shape, .check_entries = quilt_rates_check},
    {"device-write-iops", QUILT_OPTION_ENTRIES, MEMBER (device_write_iops), .live = TRUE,
     .shape = &quilt_operation_rate_shape, .check_entries = quilt_rates_check},
    {"ip-allow", QUILT_OPTION_STRINGS, MEMBER (ip_allow), .live = TRUE,
     .check_strings = quilt_address_ranges_check},
    {"ip-deny", QUILT_OPTION_STRINGS, MEMBER (ip_deny), .live = TRUE,
     .check_strings = quilt_address_ranges_check},
    {"stop-signal", QUILT_OPTION_INT32, MEMBER (stop_signal), .live = TRUE, .min = 0, .max = 64,
     .allowed = "must be 1 to 64, or 0 for the image's"},
    {"stop-timeout", QUILT_OPTION_UINT64, MEMBER (stop_timeout_usec), .live = TRUE,
     .max = TIME_LIMIT, .infinite = TRUE, .allowed = TIME_TEXT},
    {"log-rate-burst", QUILT_OPTION_INT64, MEMBER (log_rate_burst), .max = G_MAXINT64,
     .allowed = "must be a number of lines, or 0 for no limit"},
    {"log-rate-interval", QUILT_OPTION_UINT64, MEMBER (log_rate_interval_usec), .min = 1,
     .max = TIME_LIMIT, .allowed = "must be 1 to 9223372036854775807 µs"},
    {"pid", QUILT_OPTION_STRING, MEMBER (pid), .check_string = quilt_sharing_check_pid},
    {"ipc", QUILT_OPTION_STRING, MEMBER (ipc), .check_string = quilt_sharing_check_ipc},
    {"uts", QUILT_OPTION_STRING, MEMBER (uts), .check_string = quilt_sharing_check_uts},
    {"network", QUILT_OPTION_STRING, MEMBER (network), .check_string = quilt_sharing_check_network},
    {"cgroupns", QUILT_OPTION_STRING, MEMBER (cgroupns),
     .check_string = quilt_sharing_check_cgroupns},
    {"devices", QUILT_OPTION_ENTRIES, MEMBER (devices), .shape = &quilt_device_shape,
     .check_entries = quilt_devices_check},
    {"init", QUILT_OPTION_BOOLEAN, MEMBER (init)},
    {"strict-limits", QUILT_OPTION_BOOLEAN, MEMBER (strict_limits)},
    {"slice", QUILT_OPTION_STRING, MEMBER (slice), .check_string = quilt_slice_check},
    {"auto-remove", QUILT_OPTION_BOOLEAN, MEMBER (auto_remove)},
    {"userns", QUILT_OPTION_STRING, MEMBER (userns), .check_string = quilt_userns_check},
    {"read-only", QUILT_OPTION_BOOLEAN, MEMBER (read_only)},
    {"cap-add", QUILT_OPTION_STRINGS, MEMBER (cap_add), .check_strings = check_capabilities},
    {"cap-drop", QUILT_OPTION_STRINGS, MEMBER (cap_drop), .check_strings = check_capabilities},
    {"no-new-privileges", QUILT_OPTION_BOOLEAN, MEMBER (no_new_privileges)},
    {"privileged", QUILT_OPTION_BOOLEAN, MEMBER (privileged)},
    {"user", QUILT_OPTION_STRING, MEMBER (user), .check_string = quilt_user_check},
    {"group-add", QUILT_OPTION_STRINGS, MEMBER (group_add),
     .check_strings = quilt_user_check_groups},
    {"ulimits", QUILT_OPTION_STRINGS, MEMBER (ulimits), .check_strings = quilt_rlimits_check},
    {"sysctls", QUILT_OPTION_STRINGS, MEMBER (sysctls), .check_strings = quilt_sysctls_check},
    {"tmpfs", QUILT_OPTION_ENTRIES, MEMBER (tmpfs), .shape = &quilt_tmpfs_shape,
     .check_entries = quilt_tmpfs_check},
    {"volumes", QUILT_OPTION_ENTRIES, MEMBER (volumes), .shape = &quilt_volume_shape,
     .check_entries = quilt_volumes_check},
    {"shm-size", QUILT_OPTION_UINT64, MEMBER (shm_size), .max = G_MAXINT64,
     .allowed = "must be a number of bytes, or 0 for no limit"},
    {"oom-score-adj", QUILT_OPTION_INT32, MEMBER (oom_score_adj), .min = (guint64)-1000,
     .max = 1000, .allowed = "must be -1000 to 1000"},
    {"umask", QUILT_OPTION_INT32, MEMBER (umask), .max = 0777,
     .allowed = "must be 0 to 511 (0777)"},
    {"seccomp", QUILT_OPTION_STRING, MEMBER (seccomp), .max_bytes = PROFILE_LIMIT,
     .check_string = check_seccomp},
    {"apparmor", QUILT_OPTION_STRING, MEMBER (apparmor), .check_string = quilt_apparmor_name_check},
    {"label", QUILT_OPTION_STRINGS, MEMBER (label), .check_strings = quilt_labels_check},
    {NULL},
};

const QuiltOption *
quilt_option_find (const char *key)
{
  for (const QuiltOption *option = quilt_option_table; option->key; option++)
    if (g_str_equal (option->key, key))
      return option;
  return NULL;
}

gpointer
quilt_option_member (const QuiltOption *option, const QuiltOptions *options)
{
  return (char *)options + option->offset;
}

static gboolean
check_number (const QuiltOption *option, guint64 value, GError **error)
{
  gboolean negative = option->type != QUILT_OPTION_UINT64 && (gint64)value < 0;
  g_autofree char *text = NULL;

  if (option->type == QUILT_OPTION_UINT64
          ? (value >= option->min && value <= option->max &&
             (!option->multiple || value % option->multiple == 0)) ||
                (option->infinite && value == QUILT_INFINITY)
          : (gint64)value >= (gint64)option->min && (gint64)value <= (gint64)option->max)
    return TRUE;
  text = negative ? g_strdup_printf ("%" G_GINT64_FORMAT, (gint64)value)
                  : g_strdup_printf ("%" G_GUINT64_FORMAT, value);
  return refuse_value (error, option->key, text, option->allowed);
}

gboolean
quilt_option_check (const QuiltOption *option, const QuiltOptions *options, GError **error)
{
  gpointer member = quilt_option_member (option, options);

  switch (option->type) {
  case QUILT_OPTION_STRING:
    return !option->check_string || !*(char **)member ||
           option->check_string (*(char **)member, error);
  case QUILT_OPTION_STRINGS:
  case QUILT_OPTION_BYTES:
    return option->check_strings (option->key, *(char ***)member, error);
  case QUILT_OPTION_UINT64:
  case QUILT_OPTION_INT64:
  case QUILT_OPTION_INT32:
    return check_number (option, *(guint64 *)member, error);
  case QUILT_OPTION_BOOLEAN:
    return TRUE;
  case QUILT_OPTION_ENTRIES:
    return !*(GVariant **)member ||
           option->check_entries (option->key, *(GVariant **)member, error);
  }
  g_return_val_if_reached (FALSE);
}

/* How many bytes an option takes that can be long; 0 for all others. */
static gsize
count_bytes (const QuiltOption *option, const QuiltOptions *options)
{
  gpointer member = quilt_option_member (option, options);
  gsize n = 0;

  if (option->type == QUILT_OPTION_ENTRIES)
    return *(GVariant **)member ? g_variant_get_size (*(GVariant **)member) : 0;
  if (option->type != QUILT_OPTION_BYTES && option->type != QUILT_OPTION_STRINGS)
    return 0;
  for (char **string = *(char ***)member; string && *string; string++)
    n += strlen (*string) + 1;
  return n;
}

gboolean
quilt_options_check_together (const QuiltOptions *options, GError **error)
{
  g_autoptr (QuiltOptions) defaults = quilt_options_new ();
  gsize total = 0;
  guint64 capabilities;

  for (const QuiltOption *option = quilt_option_table; option->key; option++)
    total += count_bytes (option, options);
  if (total > TOTAL_LIMIT)
    return refuse (error, "command", "it, env, labels and setup together must be at most 512 KiB");
  if (options->memory_swap != 0 && options->memory_swap != QUILT_INFINITY &&
      options->memory_swap < options->memory_max)
    return refuse (
        error, "memory-swap",
        "it is memory and swap together, so it needs a limit of memory, and can't be below that");
  if (options->log_rate_burst == 0 &&
      options->log_rate_interval_usec != defaults->log_rate_interval_usec)
    return refuse (error, "log-rate-interval", "needs log-rate-burst, the lines per interval");
  if (options->shm_size != defaults->shm_size && g_strcmp0 (options->ipc, "host") == 0)
    return refuse (error, "shm-size", "with ipc 'host', /dev/shm is the host's");
  return quilt_options_get_capabilities (options, &capabilities, error) &&
         quilt_volumes_check_together (options->volumes, options->tmpfs,
                                       g_strcmp0 (options->userns, QUILT_USERNS_HOST) != 0,
                                       error) &&
         quilt_sharing_check_together (options, error);
}

void
quilt_options_normalize (QuiltOptions *options)
{
  char *slice = options->slice;

  options->slice = slice ? quilt_slice_unit (slice) : NULL;
  g_free (slice);
  sort_labels (options->labels);
  quilt_capabilities_normalize (options->cap_add);
  quilt_capabilities_normalize (options->cap_drop);
}

QuiltOptions *
quilt_options_new (void)
{
  QuiltOptions *options = g_new0 (QuiltOptions, 1);

  options->setup_timeout_usec = QUILT_INFINITY;
  options->runtime_max_usec = QUILT_INFINITY;
  options->memory_max = QUILT_INFINITY;
  options->cpu_quota_usec = QUILT_INFINITY;
  options->pids_max = QUILT_INFINITY;
  options->memory_high = QUILT_INFINITY;
  options->cpu_weight = QUILT_INFINITY;
  options->io_weight = QUILT_INFINITY;
  options->stop_timeout_usec = 10 * G_USEC_PER_SEC;
  options->log_rate_interval_usec = G_USEC_PER_SEC;
  options->no_new_privileges = TRUE;
  options->shm_size = SHM_DEFAULT;
  options->umask = 022;
  /* On record, so that a later default takes no container from its isolation. */
  options->network = g_strdup ("none");
  return options;
}

void
quilt_options_free (QuiltOptions *options)
{
  if (!options)
    return;
  for (const QuiltOption *option = quilt_option_table; option->key; option++) {
    gpointer member = quilt_option_member (option, options);

    if (option->type == QUILT_OPTION_STRING)
      g_free (*(char **)member);
    else if (option->type == QUILT_OPTION_STRINGS || option->type == QUILT_OPTION_BYTES)
      g_strfreev (*(char ***)member);
    else if (option->type == QUILT_OPTION_ENTRIES)
      g_clear_pointer ((GVariant **)member, g_variant_unref);
  }
  g_free (options->more);
  g_free (options);
}

QuiltOptions *
quilt_options_copy (const QuiltOptions *options)
{
  QuiltOptions *copy = g_memdup2 (options, sizeof *options);

  for (const QuiltOption *option = quilt_option_table; option->key; option++) {
    gpointer member = quilt_option_member (option, copy);

    if (option->type == QUILT_OPTION_STRING)
      *(char **)member = g_strdup (*(char **)member);
    else if (option->type == QUILT_OPTION_STRINGS || option->type == QUILT_OPTION_BYTES)
      *(char ***)member = g_strdupv (*(char ***)member);
    else if (option->type == QUILT_OPTION_ENTRIES && *(GVariant **)member)
      g_variant_ref (*(GVariant **)member);
  }
  copy->more = g_strdup (options->more);
  return copy;
}
