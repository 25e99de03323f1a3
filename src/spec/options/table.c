/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of a container's options, their defaults and their checks. */
#include "spec/options/table.h"

#include "base/error.h"
#include "base/option-error.h"
#include "spec/capabilities.h"
#include "spec/id-map.h"
#include "spec/labels.h"
#include "spec/names.h"
#include "spec/options/devices.h"
#include "spec/options/resources.h"
#include "spec/options/setup-cache.h"
#include "spec/options/sharing.h"
#include "spec/options/tmpfs.h"
#include "spec/options/volume.h"
#include "spec/provide.h"
#include "spec/rlimits.h"
#include "spec/seccomp/seccomp.h"
#include "spec/slice.h"
#include "spec/sysctl.h"
#include "spec/users.h"
#include "spec/quantities.h"
#include "spec/setup.h"

#include <string.h>

/* The minimum: the supervisor, the kernel's tables for two processes and the batches in which each
 * CPU charges memory fit in this. With less, a container would be killed before its first
 * instruction. */
#define MEMORY_MIN (4ULL << 20)
/* pids.max is at most 2^22, and the supervisor is one task of the scope. */
#define PIDS_LIMIT ((1ULL << 22) - 1)
/* The kernel gives at least 1 ms per period, and a period is at most 1 s. */
#define CPU_MIN 1000
#define CPU_LIMIT (8192ULL * G_USEC_PER_SEC)
#define TIME_LIMIT ((guint64)G_MAXINT64)
/* The kernel's MAX_ARG_STRLEN with the final NUL. */
#define ARGUMENT_LIMIT (32 * 4096)
/* podman's default. */
#define SHM_DEFAULT (64ULL << 20)
/* In JSON each byte may take six, and config.json is limited to 4 MiB. */
#define TOTAL_LIMIT (512 * 1024)
/* A program's arguments may be all files of a directory, so this limit is higher than that for
 * volumes. */
#define WORDS_LIMIT 16384
/* Ten times the size of the longest common profile. */
#define PROFILE_LIMIT (256 * 1024)

static gboolean
refuse (GError **error, const char *key, const char *why)
{
  return quilt_option_error_set (error, QUILT_ERROR_INVALID_ARGUMENT, key, ": %s", why);
}

static gboolean
check_directory (const char *text, GError **error)
{
  return *text == '/' ||
         quilt_option_error_refuse (error, "working-directory", text, "must be an absolute path");
}

static gboolean
check_lengths (const char *key, char **strings, GError **error)
{
  for (; strings && *strings; strings++)
    if (strlen (*strings) >= ARGUMENT_LIMIT)
      return quilt_option_error_refuse (
          error, key, *strings,
          "must be shorter than 131072 bytes, the most that the kernel takes");
  return TRUE;
}

static gboolean
check_command (const char *key, char **strings, GError **error)
{
  if (strings && *strings && !**strings)
    return quilt_option_error_refuse (error, key, "", "the program's name is empty");
  return check_lengths (key, strings, error);
}

/* A single empty string removes the image's entrypoint. */
static gboolean
check_entrypoint (const char *key, char **strings, GError **error)
{
  if (strings && strings[0] && !*strings[0] && strings[1])
    return quilt_option_error_refuse (error, key, "", "the program's name is empty");
  return check_lengths (key, strings, error);
}

static gboolean
check_assignments (const char *key, char **strings, GError **error)
{
  for (char **s = strings; s && *s; s++)
    if (!strchr (*s, '=') || **s == '=')
      return quilt_option_error_refuse (error, key, *s, "must be NAME=VALUE");
  return check_lengths (key, strings, error);
}

/* Compares the keys of two labels. */
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
      return quilt_option_error_refuse (error, key, s[1], "this key is given twice");
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
    return quilt_option_error_refuse (
        error, "seccomp", text,
        "must be 'default', 'unconfined' or a profile, which is a JSON object");
  profile = quilt_seccomp_profile_parse (text, strlen (text), error);
  return profile != NULL;
}

const QuiltOption quilt_option_table[] = {QUILT_OPTION_ROWS{NULL}};

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
  return quilt_option_error_refuse (error, option->key, text, option->allowed);
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

/* The number of bytes of an option that can be long; 0 for other options. */
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
    return refuse (error, "command",
                   "command, env, labels and setup together must be at most 512 KiB");
  if (options->memory_swap != 0 && options->memory_swap != QUILT_INFINITY &&
      options->memory_swap < options->memory_max)
    return refuse (error, "memory-swap",
                   "it limits memory and swap together, so it needs a memory limit and must not be "
                   "less than that");
  if (options->log_rate_burst == 0 &&
      options->log_rate_interval_usec != defaults->log_rate_interval_usec)
    return refuse (error, "log-rate-interval", "needs log-rate-burst, the lines per interval");
  if (options->shm_size != defaults->shm_size && g_strcmp0 (options->ipc, "host") == 0)
    return refuse (error, "shm-size",
                   "it has no effect with ipc 'host', where /dev/shm is the host's");
  return quilt_options_get_capabilities (options, &capabilities, error) &&
         quilt_volumes_check_together (options->volumes, options->tmpfs,
                                       g_strcmp0 (options->userns, QUILT_USERNS_HOST) != 0,
                                       error) &&
         quilt_sharing_check_together (options, error) &&
         quilt_setup_cache_check_together (options, error);
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

static void
set_initial (const QuiltOption *option, gpointer member)
{
  switch (option->type) {
  case QUILT_OPTION_UINT64:
  case QUILT_OPTION_INT64:
  case QUILT_OPTION_INT32:
    *(guint64 *)member = option->initial;
    break;
  case QUILT_OPTION_BOOLEAN:
    *(gboolean *)member = option->initial != 0;
    break;
  case QUILT_OPTION_STRING:
    *(char **)member = g_strdup (option->initial_text);
    break;
  default:
    break;
  }
}

QuiltOptions *
quilt_options_new (void)
{
  QuiltOptions *options = g_new0 (QuiltOptions, 1);

  for (const QuiltOption *option = quilt_option_table; option->key; option++)
    set_initial (option, quilt_option_member (option, options));
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
