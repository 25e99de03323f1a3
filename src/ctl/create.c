/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of run and create, and what they are on the bus. */
#include "ctl/create.h"

#include "base/error.h"
#include "base/text.h"
#include "ctl/bus.h"
#include "spec/words.h"

#include <string.h>

void
quilt_create_args_clear (QuiltCreateArgs *args)
{
  g_free (args->name);
  g_strfreev (args->env);
  g_free (args->working_directory);
  g_free (args->hostname);
  g_strfreev (args->labels);
  g_free (args->memory);
  g_free (args->cpus);
  g_free (args->pids_limit);
  g_free (args->stop_signal);
  g_free (args->stop_timeout);
  g_strfreev (args->setup);
  g_free (args->setup_timeout);
  g_free (args->log_rate_limit);
}

/* Options of podman's run that fingers may type; none of them is ignored. */
static const struct {
  const char *name;
  char letter;
} podman_options[] = {
    {"add-host", 0},
    {"annotation", 0},
    {"attach", 'a'},
    {"cap-add", 0},
    {"cap-drop", 0},
    {"cgroupns", 0},
    {"cidfile", 0},
    {"cpu-shares", 'c'},
    {"cpuset-cpus", 0},
    {"device", 0},
    {"dns", 0},
    {"entrypoint", 0},
    {"env-file", 0},
    {"env-host", 0},
    {"expose", 0},
    {"gpus", 0},
    {"group-add", 0},
    {"health-cmd", 0},
    {"init", 0},
    {"interactive", 'i'},
    {"ip", 0},
    {"ipc", 0},
    {"label-file", 0},
    {"log-driver", 0},
    {"log-opt", 0},
    {"memory-swap", 0},
    {"mount", 0},
    {"net", 0},
    {"network", 0},
    {"network-alias", 0},
    {"oom-score-adj", 0},
    {"pid", 0},
    {"platform", 0},
    {"pod", 0},
    {"privileged", 0},
    {"publish", 'p'},
    {"publish-all", 'P'},
    {"pull", 0},
    {"quiet", 'q'},
    {"replace", 0},
    {"restart", 0},
    {"secret", 0},
    {"security-opt", 0},
    {"shm-size", 0},
    {"sig-proxy", 0},
    {"sysctl", 0},
    {"systemd", 0},
    {"tmpfs", 0},
    {"tty", 't'},
    {"tz", 0},
    {"ulimit", 0},
    {"umask", 0},
    {"user", 'u'},
    {"userns", 0},
    {"uts", 0},
    {"volume", 'v'},
    {"volumes-from", 0},
};

static gboolean
on_podman_option (const char *name, const char *value, gpointer data, GError **error)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
               "option %s is podman's; Quilt does not have it yet", name);
  return FALSE;
}

static void
fill_podman_entries (GOptionEntry *entries)
{
  for (guint i = 0; i < G_N_ELEMENTS (podman_options); i++)
    entries[i] = (GOptionEntry){
        .long_name = podman_options[i].name,
        .short_name = podman_options[i].letter,
        .flags = G_OPTION_FLAG_HIDDEN | G_OPTION_FLAG_OPTIONAL_ARG | G_OPTION_FLAG_FILENAME,
        .arg = G_OPTION_ARG_CALLBACK,
        .arg_data = (gpointer)on_podman_option,
    };
}

char **
quilt_create_parse (QuiltCtl *ctl, char **argv, gboolean for_run, QuiltCreateArgs *ret_args)
{
  QuiltCreateArgs *a = ret_args;
  const GOptionArg one = G_OPTION_ARG_FILENAME, many = G_OPTION_ARG_FILENAME_ARRAY;
  const GOptionEntry own[] = {
      {"name", 0, 0, one, &a->name, "Name of the container", "NAME"},
      {"env", 'e', 0, many, &a->env, "Set a variable, or pass on the caller's", "NAME[=VALUE]"},
      {"workdir", 'w', 0, one, &a->working_directory, "Working directory", "DIR"},
      {"hostname", 0, 0, one, &a->hostname, "Host name inside", "NAME"},
      {"label", 'l', 0, many, &a->labels, "Add a label", "KEY=VALUE"},
      {"memory", 'm', 0, one, &a->memory, "Limit memory (512M, 1.5G)", "BYTES"},
      {"cpus", 0, 0, one, &a->cpus, "Limit CPU time (1.5, 150%)", "NUMBER"},
      {"pids-limit", 0, 0, one, &a->pids_limit, "Limit processes", "NUMBER"},
      {"stop-signal", 0, 0, one, &a->stop_signal, "Signal that asks it to stop", "SIGNAL"},
      {"stop-timeout", 0, 0, one, &a->stop_timeout, "Time from that to SIGKILL", "TIME"},
      {"read-only", 0, 0, G_OPTION_ARG_NONE, &a->read_only, "Root file system is read-only", NULL},
      {"setup", 0, 0, many, &a->setup, "Run inside before the command", "STEP"},
      {"setup-timeout", 0, 0, one, &a->setup_timeout, "Time that each step may take", "TIME"},
      {"log-rate-limit", 0, 0, one, &a->log_rate_limit, "Drop log lines beyond this",
       "LINES[/TIME]"},
      {"rm", 0, 0, G_OPTION_ARG_NONE, &a->auto_remove, "Remove it when it has ended", NULL},
      {"detach", 'd', 0, G_OPTION_ARG_NONE, &a->detach, "Print the ID, don't wait", NULL},
  };
  const guint n_own = G_N_ELEMENTS (own) - (for_run ? 0 : 1);
  GOptionEntry entries[G_N_ELEMENTS (own) + G_N_ELEMENTS (podman_options) + 1] = {0};

  memcpy (entries, own, n_own * sizeof *own);
  fill_podman_entries (entries + n_own);
  return quilt_ctl_parse (ctl, argv, entries);
}

static gboolean
add_text (GVariantBuilder *builder, const char *key, const char *text, GError **error)
{
  if (!text)
    return TRUE;
  if (!quilt_bus_check_text (key, text, error))
    return FALSE;
  g_variant_builder_add (builder, "{sv}", key, g_variant_new_string (text));
  return TRUE;
}

static gboolean
add_texts (GVariantBuilder *builder, const char *key, char *const *texts, GError **error)
{
  for (guint i = 0; texts && texts[i]; i++)
    if (!quilt_bus_check_text (key, texts[i], error))
      return FALSE;
  if (texts)
    g_variant_builder_add (builder, "{sv}", key,
                           g_variant_new_strv ((const char *const *)texts, -1));
  return TRUE;
}

typedef gboolean (*Parse) (const char *text, guint64 *ret_value, GError **error);

static gboolean
add_number (
    GVariantBuilder *builder, const char *key, const char *text, Parse parse, GError **error)
{
  guint64 value;

  if (!text)
    return TRUE;
  if (!parse (text, &value, error))
    return FALSE;
  g_variant_builder_add (builder, "{sv}", key, g_variant_new_uint64 (value));
  return TRUE;
}

static gboolean
parse_pids (const char *text, guint64 *ret_value, GError **error)
{
  g_autofree char *quoted = NULL;
  guint64 value;

  /* podman spells "no limit" as -1. */
  if (g_ascii_strcasecmp (text, "infinity") == 0 || strcmp (text, "-1") == 0) {
    *ret_value = G_MAXUINT64;
    return TRUE;
  }
  if (g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT64 - 1, &value, NULL)) {
    *ret_value = value;
    return TRUE;
  }
  quoted = quilt_text_quote (text);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read number of processes '%s': must be 1 or more, or 'infinity'", quoted);
  return FALSE;
}

gboolean
quilt_create_add_limits (const QuiltCreateArgs *args, GVariantBuilder *builder, GError **error)
{
  int stop_signal;

  if (!add_number (builder, "memory-max", args->memory, quilt_parse_bytes, error) ||
      !add_number (builder, "cpu-quota", args->cpus, quilt_parse_cpus, error) ||
      !add_number (builder, "pids-max", args->pids_limit, parse_pids, error) ||
      !add_number (builder, "stop-timeout", args->stop_timeout, quilt_parse_duration, error))
    return FALSE;
  if (!args->stop_signal)
    return TRUE;
  if (!quilt_parse_signal (args->stop_signal, &stop_signal, error))
    return FALSE;
  g_variant_builder_add (builder, "{sv}", "stop-signal", g_variant_new_int32 (stop_signal));
  return TRUE;
}

/* LINES[/TIME]. */
static gboolean
add_log_rate (GVariantBuilder *builder, const char *text, GError **error)
{
  const char *slash = text ? strchr (text, '/') : NULL;
  g_autofree char *lines = NULL;
  g_autofree char *quoted = NULL;
  gint64 burst;

  if (!text)
    return TRUE;
  lines = slash ? g_strndup (text, (gsize)(slash - text)) : g_strdup (text);
  if (!g_ascii_string_to_signed (lines, 10, 1, G_MAXINT64, &burst, NULL)) {
    quoted = quilt_text_quote (text);
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to read log rate limit '%s': must be like '1000' (lines a second) or "
                 "'1000/30s'",
                 quoted);
    return FALSE;
  }
  g_variant_builder_add (builder, "{sv}", "log-rate-burst", g_variant_new_int64 (burst));
  return add_number (builder, "log-rate-interval", slash ? slash + 1 : NULL, quilt_parse_duration,
                     error);
}

/* "NAME=VALUE" as it is, "NAME" with the caller's value, or not at all where there is none. */
static gboolean
add_env (GVariantBuilder *builder,
         char *const *env,
         const char *(*lookup) (const char *name),
         GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (g_free);

  if (!env)
    return TRUE;
  for (; *env; env++) {
    const char *value;

    if (**env == '\0' || **env == '=') {
      g_autofree char *quoted = quilt_text_quote (*env);

      g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                   "Failed to read variable '%s': must be NAME=VALUE or NAME", quoted);
      return FALSE;
    }
    if (strchr (*env, '='))
      g_ptr_array_add (entries, g_strdup (*env));
    else if ((value = lookup (*env)))
      g_ptr_array_add (entries, g_strconcat (*env, "=", value, NULL));
  }
  g_variant_builder_add (
      builder, "{sv}", "env",
      g_variant_new_bytestring_array ((const char *const *)entries->pdata, entries->len));
  return TRUE;
}

static char **
label_entries (char *const *labels)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (!labels)
    return NULL;
  for (; *labels; labels++) {
    /* As podman: a label may be a mere key. */
    g_autofree char *entry = g_strconcat (*labels, strchr (*labels, '=') ? "" : "=", NULL);

    g_strv_builder_add (builder, entry);
  }
  return g_strv_builder_end (builder);
}

static gboolean
add_all (const QuiltCreateArgs *args,
         GVariantBuilder *builder,
         const char *(*lookup) (const char *name),
         GError **error)
{
  g_auto (GStrv) labels = label_entries (args->labels);

  return add_text (builder, "name", args->name, error) &&
         add_text (builder, "working-directory", args->working_directory, error) &&
         add_text (builder, "hostname", args->hostname, error) &&
         add_env (builder, args->env, lookup, error) &&
         add_texts (builder, "labels", labels, error) &&
         add_texts (builder, "setup", args->setup, error) &&
         add_number (builder, "setup-timeout", args->setup_timeout, quilt_parse_duration, error) &&
         quilt_create_add_limits (args, builder, error) &&
         add_log_rate (builder, args->log_rate_limit, error);
}

GVariant *
quilt_create_options (const QuiltCreateArgs *args,
                      char *const *command,
                      const char *(*lookup) (const char *name),
                      GError **error)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  if (!add_all (args, &builder, lookup, error)) {
    g_variant_builder_clear (&builder);
    return NULL;
  }
  if (command[0])
    g_variant_builder_add (&builder, "{sv}", "command",
                           g_variant_new_bytestring_array ((const char *const *)command, -1));
  if (args->auto_remove)
    g_variant_builder_add (&builder, "{sv}", "auto-remove", g_variant_new_boolean (TRUE));
  if (args->read_only)
    g_variant_builder_add (&builder, "{sv}", "read-only", g_variant_new_boolean (TRUE));
  return g_variant_builder_end (&builder);
}
