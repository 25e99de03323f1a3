/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of run and create, and what they are on the bus. */
#include "ctl/create.h"

#include "base/error.h"
#include "base/text.h"
#include "ctl/bus.h"
#include "ctl/security.h"
#include "ctl/volume.h"
#include "spec/options.h"
#include "spec/words.h"

#include <string.h>

#define LOG_RATE_INTERVAL "log-rate-interval"

/* What is added to, and where "-e NAME" finds its value. */
typedef struct {
  GVariantBuilder *builder;
  const char *(*lookup) (const char *name);
  gboolean live; /* for update */
  const QuiltCreateValue *volumes, *mounts;
} Request;

typedef struct Option Option;
typedef gboolean (*Parse) (const char *text, guint64 *ret_value, GError **error);
typedef gboolean (*Add) (const Option *option,
                         const QuiltCreateValue *value,
                         const Request *request,
                         GError **error);

struct Option {
  const char *name;
  char letter;
  GOptionArg arg; /* FILENAME: value->text; FILENAME_ARRAY: value->texts; NONE: value->flag */
  const char *help, *metavar;
  const char *key; /* on the bus */
  Add add;         /* where it was given */
  Parse parse;     /* for add_number() */
  gboolean live;   /* of update too */
  guint64 none;    /* for add_number(): what an empty value of update stands for */
};

static gboolean
add_text (const Option *option,
          const QuiltCreateValue *value,
          const Request *request,
          GError **error)
{
  if (!quilt_bus_check_text (option->name, value->text, error))
    return FALSE;
  g_variant_builder_add (request->builder, "{sv}", option->key, g_variant_new_string (value->text));
  return TRUE;
}

static gboolean
add_texts (const Option *option,
           const QuiltCreateValue *value,
           const Request *request,
           GError **error)
{
  for (char **text = value->texts; *text; text++)
    if (!quilt_bus_check_text (option->name, *text, error))
      return FALSE;
  g_variant_builder_add (request->builder, "{sv}", option->key,
                         g_variant_new_strv ((const char *const *)value->texts, -1));
  return TRUE;
}

static gboolean
add_flag (const Option *option,
          const QuiltCreateValue *value,
          const Request *request,
          GError **error)
{
  g_variant_builder_add (request->builder, "{sv}", option->key, g_variant_new_boolean (TRUE));
  return TRUE;
}

static gboolean
add_number (const Option *option,
            const QuiltCreateValue *value,
            const Request *request,
            GError **error)
{
  guint64 number = option->none;

  /* Not of run and create: there a variable that was to hold the limit would lift it. */
  if ((*value->text || !request->live) && !option->parse (value->text, &number, error))
    return FALSE;
  g_variant_builder_add (request->builder, "{sv}", option->key, g_variant_new_uint64 (number));
  return TRUE;
}

static gboolean
refuse_number (const Option *option, const char *text, const char *allowed, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (text);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to read %s '%s': %s",
               option->name, quoted, allowed);
  return FALSE;
}

static gboolean
add_decimal (const Option *option,
             const QuiltCreateValue *value,
             const Request *request,
             GError **error)
{
  gint64 number;

  if (!g_ascii_string_to_signed (value->text, 10, G_MININT32, G_MAXINT32, &number, NULL))
    return refuse_number (option, value->text, "must be a whole number", error);
  g_variant_builder_add (request->builder, "{sv}", option->key,
                         g_variant_new_int32 ((gint32)number));
  return TRUE;
}

static gboolean
add_octal (const Option *option,
           const QuiltCreateValue *value,
           const Request *request,
           GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (value->text, 8, 0, 0777, &number, NULL))
    return refuse_number (option, value->text, "must be an octal number up to 0777", error);
  g_variant_builder_add (request->builder, "{sv}", option->key,
                         g_variant_new_int32 ((gint32)number));
  return TRUE;
}

static gboolean
add_signal (const Option *option,
            const QuiltCreateValue *value,
            const Request *request,
            GError **error)
{
  int signal = 0; /* the image's */

  if ((*value->text || !request->live) && !quilt_parse_signal (value->text, &signal, error))
    return FALSE;
  g_variant_builder_add (request->builder, "{sv}", option->key, g_variant_new_int32 (signal));
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

/* LINES[/TIME]. */
static gboolean
add_log_rate (const Option *option,
              const QuiltCreateValue *value,
              const Request *request,
              GError **error)
{
  const char *slash = strchr (value->text, '/');
  g_autofree char *lines =
      slash ? g_strndup (value->text, (gsize)(slash - value->text)) : g_strdup (value->text);
  g_autofree char *quoted = NULL;
  guint64 interval;
  gint64 burst;

  if (!g_ascii_string_to_signed (lines, 10, 1, G_MAXINT64, &burst, NULL)) {
    quoted = quilt_text_quote (value->text);
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to read log rate limit '%s': must be like '1000' (lines a second) or "
                 "'1000/30s'",
                 quoted);
    return FALSE;
  }
  g_variant_builder_add (request->builder, "{sv}", option->key, g_variant_new_int64 (burst));
  if (!slash)
    return TRUE;
  if (!quilt_parse_duration (slash + 1, &interval, error))
    return FALSE;
  g_variant_builder_add (request->builder, "{sv}", LOG_RATE_INTERVAL,
                         g_variant_new_uint64 (interval));
  return TRUE;
}

/* "NAME=VALUE" as it is, "NAME" with the caller's value, or not at all where there is none. */
static gboolean
add_env (const Option *option,
         const QuiltCreateValue *value,
         const Request *request,
         GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (g_free);

  for (char **env = value->texts; *env; env++) {
    const char *found;

    if (**env == '\0' || **env == '=') {
      g_autofree char *quoted = quilt_text_quote (*env);

      g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                   "Failed to read variable '%s': must be NAME=VALUE or NAME", quoted);
      return FALSE;
    }
    if (strchr (*env, '='))
      g_ptr_array_add (entries, g_strdup (*env));
    else if ((found = request->lookup (*env)))
      g_ptr_array_add (entries, g_strconcat (*env, "=", found, NULL));
  }
  g_variant_builder_add (
      request->builder, "{sv}", option->key,
      g_variant_new_bytestring_array ((const char *const *)entries->pdata, entries->len));
  return TRUE;
}

/* As podman: a label may be a mere key. */
static gboolean
add_labels (const Option *option,
            const QuiltCreateValue *value,
            const Request *request,
            GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (g_free);

  for (char **label = value->texts; *label; label++)
    g_ptr_array_add (entries, g_strconcat (*label, strchr (*label, '=') ? "" : "=", NULL));
  g_ptr_array_add (entries, NULL);
  return add_texts (option, &(QuiltCreateValue){.texts = (char **)entries->pdata}, request, error);
}

/* Lists of names by commas. */
static gboolean
add_lists (const Option *option,
           const QuiltCreateValue *value,
           const Request *request,
           GError **error)
{
  g_autofree char *joined = g_strjoinv (",", value->texts);
  g_auto (GStrv) names = g_strsplit (joined, ",", -1);
  char *empty[] = {joined, NULL}; /* which g_strsplit() takes for no name at all */

  return add_texts (option, &(QuiltCreateValue){.texts = *joined ? names : empty}, request, error);
}

/* Of --volume and --mount, which are one option on the bus: whichever is first adds both. */
static gboolean
add_volumes (const Option *option,
             const QuiltCreateValue *value,
             const Request *request,
             GError **error)
{
  g_auto (GStrv) entries = NULL;

  if (request->mounts == value && request->volumes->texts)
    return TRUE;
  entries = quilt_volumes_new (request->volumes->texts, request->mounts->texts, error);
  return entries && add_texts (option, &(QuiltCreateValue){.texts = entries}, request, error);
}

static gboolean
add_security (const Option *option,
              const QuiltCreateValue *value,
              const Request *request,
              GError **error)
{
  for (char **text = value->texts; *text; text++)
    if (!quilt_bus_check_text (option->name, *text, error))
      return FALSE;
  return quilt_security_add (value->texts, request->builder, error);
}

/* A list as a whole takes the place of the one there was; an empty word is how to say "none". */
static gboolean
add_list (const Option *option,
          const QuiltCreateValue *value,
          const Request *request,
          GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new ();

  for (char **text = value->texts; *text; text++)
    if (**text)
      g_ptr_array_add (entries, *text);
  g_ptr_array_add (entries, NULL);
  return add_texts (option, &(QuiltCreateValue){.texts = (char **)entries->pdata}, request, error);
}

static gboolean
add_seccomp (const Option *option,
             const QuiltCreateValue *value,
             const Request *request,
             GError **error)
{
  return quilt_security_add_seccomp (value->text, request->builder, error);
}

#define ONE G_OPTION_ARG_FILENAME
#define MANY G_OPTION_ARG_FILENAME_ARRAY
#define FLAG G_OPTION_ARG_NONE
#define STOP_TIMEOUT_DEFAULT (10 * G_USEC_PER_SEC)

/* In the order of --help. */
static const Option options[] = {
    {"name", 0, ONE, "Name of the container", "NAME", "name", add_text},
    {"env", 'e', MANY, "Set a variable, or pass on the caller's", "NAME[=VALUE]", "env", add_env},
    {"workdir", 'w', ONE, "Working directory", "DIR", "working-directory", add_text},
    {"hostname", 0, ONE, "Host name inside", "NAME", "hostname", add_text},
    {"label", 'l', MANY, "Add a label", "KEY=VALUE", "labels", add_labels},
    {"memory", 'm', ONE, "Limit memory (512M, 1.5G)", "BYTES", "memory-max", add_number,
     quilt_parse_byte_limit, TRUE, QUILT_INFINITY},
    {"cpus", 0, ONE, "Limit CPU time (1.5, 150%)", "NUMBER", "cpu-quota", add_number,
     quilt_parse_cpus, TRUE, QUILT_INFINITY},
    {"pids-limit", 0, ONE, "Limit processes", "NUMBER", "pids-max", add_number, parse_pids, TRUE,
     QUILT_INFINITY},
    {"memory-reservation", 0, ONE, "Keep this much memory for it", "BYTES", "memory-low",
     add_number, quilt_parse_bytes, TRUE},
    {"memory-high", 0, ONE, "Slow it down from this on", "BYTES", "memory-high", add_number,
     quilt_parse_byte_limit, TRUE, QUILT_INFINITY},
    {"memory-swap", 0, ONE, "Limit memory and swap together", "BYTES", "memory-swap", add_number,
     quilt_parse_byte_limit, TRUE},
    {"cpu-weight", 0, ONE, "Share of CPU time, 1 to 10000", "NUMBER", "cpu-weight", add_number,
     quilt_parse_weight, TRUE, QUILT_INFINITY},
    {"cpu-shares", 'c', ONE, "The same, 2 to 262144", "NUMBER", "cpu-weight", add_number,
     quilt_parse_cpu_shares, TRUE, QUILT_INFINITY},
    {"cpuset-cpus", 0, ONE, "CPUs it may use (0-3,8)", "LIST", "cpuset-cpus", add_text,
     .live = TRUE},
    {"cpuset-mems", 0, ONE, "Memory nodes it may use", "LIST", "cpuset-mems", add_text,
     .live = TRUE},
    {"io-weight", 0, ONE, "Share of disk time, 1 to 10000", "NUMBER", "io-weight", add_number,
     quilt_parse_weight, TRUE, QUILT_INFINITY},
    {"blkio-weight", 0, ONE, "The same, 10 to 1000", "NUMBER", "io-weight", add_number,
     quilt_parse_blkio_weight, TRUE, QUILT_INFINITY},
    {"device-read-bps", 0, MANY, "Limit reading, in a second", "DEVICE:BYTES", "device-read-bps",
     add_list, .live = TRUE},
    {"device-write-bps", 0, MANY, "Limit writing", "DEVICE:BYTES", "device-write-bps", add_list,
     .live = TRUE},
    {"device-read-iops", 0, MANY, "Limit read operations", "DEVICE:NUMBER", "device-read-iops",
     add_list, .live = TRUE},
    {"device-write-iops", 0, MANY, "Limit write operations", "DEVICE:NUMBER", "device-write-iops",
     add_list, .live = TRUE},
    {"ip-allow", 0, MANY, "Let these addresses through", "ADDRESS", "ip-allow", add_list,
     .live = TRUE},
    {"ip-deny", 0, MANY, "Stop traffic with these", "ADDRESS", "ip-deny", add_list, .live = TRUE},
    {"stop-signal", 0, ONE, "Signal that asks it to stop", "SIGNAL", "stop-signal", add_signal,
     .live = TRUE},
    {"stop-timeout", 0, ONE, "Time from that to SIGKILL", "TIME", "stop-timeout", add_number,
     quilt_parse_duration, TRUE, STOP_TIMEOUT_DEFAULT},
    {"network", 0, ONE, "Network: none, host or container:NAME", "MODE", "network", add_text},
    {"net", 0, ONE, "The same", "MODE", "network", add_text},
    {"pid", 0, ONE, "Processes: host or container:NAME", "MODE", "pid", add_text},
    {"ipc", 0, ONE, "IPC: shareable, host or container:NAME", "MODE", "ipc", add_text},
    {"uts", 0, ONE, "Host name: host or container:NAME", "MODE", "uts", add_text},
    {"cgroupns", 0, ONE, "Cgroups that it sees: host", "MODE", "cgroupns", add_text},
    {"device", 0, MANY, "Give it a device of the host", "HOST[:PATH[:rwm]]", "devices", add_texts},
    {"init", 0, FLAG, "Run an init that reaps, passes signals", NULL, "init", add_flag},
    {"read-only", 0, FLAG, "Root file system is read-only", NULL, "read-only", add_flag},
    {"cap-add", 0, MANY, "Add capabilities, or ALL", "NAME[,...]", "cap-add", add_lists},
    {"cap-drop", 0, MANY, "Drop capabilities, or ALL", "NAME[,...]", "cap-drop", add_lists},
    {"user", 'u', ONE, "Who runs the command", "USER[:GROUP]", "user", add_text},
    {"group-add", 0, MANY, "Groups that he is in too", "GROUP[,...]", "group-add", add_lists},
    {"ulimit", 0, MANY, "Limit each process (nofile=1024)", "NAME=SOFT[:HARD]", "ulimits",
     add_texts},
    {"sysctl", 0, MANY, "Set a kernel setting of its own", "KEY=VALUE", "sysctls", add_texts},
    {"tmpfs", 0, MANY, "Mount files in memory", "PATH[:OPTION,...]", "tmpfs", add_texts},
    {"volume", 'v', MANY, "Show it files of the host", "HOST:PATH[:OPTION]", "volumes",
     add_volumes},
    {"mount", 0, MANY, "The same", "type=bind,src=...,dst=...", "volumes", add_volumes},
    {"shm-size", 0, ONE, "Size of /dev/shm (64M)", "BYTES", "shm-size", add_number,
     quilt_parse_bytes},
    {"oom-score-adj", 0, ONE, "Who is killed first, of -1000 to 1000", "NUMBER", "oom-score-adj",
     add_decimal},
    {"umask", 0, ONE, "Mask of modes of new files (0022)", "OCTAL", "umask", add_octal},
    {"privileged", 0, FLAG, "Take down the walls inside", NULL, "privileged", add_flag},
    {"security-opt", 0, MANY, "Set a security option", "NAME[=VALUE]", "security-opt",
     add_security},
    {"seccomp", 0, ONE, "Filter of system calls", "FILE|default|unconfined", "seccomp",
     add_seccomp},
    {"userns", 0, ONE, "Ids on the host (auto, host, keep-id)", "MODE|MAP", "userns", add_text},
    {"setup", 0, MANY, "Run inside before the command", "STEP", "setup", add_texts},
    {"setup-timeout", 0, ONE, "Time that each step may take", "TIME", "setup-timeout", add_number,
     quilt_parse_duration},
    {"log-rate-limit", 0, ONE, "Drop log lines beyond this", "LINES[/TIME]", "log-rate-burst",
     add_log_rate},
    {"rm", 0, FLAG, "Remove it when it has ended", NULL, "auto-remove", add_flag},
};

G_STATIC_ASSERT (G_N_ELEMENTS (options) <= QUILT_CREATE_OPTIONS_MAX);

/* clang-format off */
/* Options of podman's run that fingers may type; none of them is ignored. */
static const struct {
  const char *name;
  char letter;
} podman_options[] = {
    {"add-host", 0},
    {"annotation", 0},
    {"attach", 'a'},
    {"cidfile", 0},
    {"dns", 0},
    {"entrypoint", 0},
    {"env-file", 0},
    {"env-host", 0},
    {"expose", 0},
    {"gpus", 0},
    {"health-cmd", 0},
    {"interactive", 'i'},
    {"ip", 0},
    {"label-file", 0},
    {"log-driver", 0},
    {"log-opt", 0},
    {"network-alias", 0},
    {"platform", 0},
    {"pod", 0},
    {"publish", 'p'},
    {"publish-all", 'P'},
    {"pull", 0},
    {"quiet", 'q'},
    {"replace", 0},
    {"restart", 0},
    {"secret", 0},
    {"sig-proxy", 0},
    {"systemd", 0},
    {"tty", 't'},
    {"tz", 0},
    {"volumes-from", 0},
};
/* clang-format on */

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

void
quilt_create_args_clear (QuiltCreateArgs *args)
{
  for (guint i = 0; i < G_N_ELEMENTS (options); i++) {
    if (options[i].arg == ONE)
      g_free (args->values[i].text);
    else if (options[i].arg == MANY)
      g_strfreev (args->values[i].texts);
  }
}

QuiltCreateValue *
quilt_create_find (QuiltCreateArgs *args, const char *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (strcmp (options[i].key, key) == 0)
      return &args->values[i];
  g_return_val_if_reached (NULL);
}

static guint
fill_entries (QuiltCreateArgs *args, gboolean live_only, GOptionEntry *entries)
{
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (options[i].live || !live_only)
      entries[n++] = (GOptionEntry){
          .long_name = options[i].name,
          .short_name = options[i].letter,
          .arg = options[i].arg,
          .arg_data = &args->values[i],
          .description = options[i].help,
          .arg_description = options[i].metavar,
      };
  return n;
}

char **
quilt_create_parse (QuiltCtl *ctl, char **argv, gboolean for_run, QuiltCreateArgs *ret_args)
{
  GOptionEntry entries[G_N_ELEMENTS (options) + G_N_ELEMENTS (podman_options) + 2] = {0};
  guint n = fill_entries (ret_args, FALSE, entries);

  if (for_run)
    entries[n++] =
        (GOptionEntry){"detach", 'd', 0, FLAG, &ret_args->detach, "Print the ID, don't wait", NULL};
  fill_podman_entries (entries + n);
  return quilt_ctl_parse (ctl, argv, entries);
}

char **
quilt_create_parse_live (QuiltCtl *ctl, char **argv, QuiltCreateArgs *ret_args)
{
  GOptionEntry entries[G_N_ELEMENTS (options) + 1] = {0};

  ret_args->live = TRUE;
  fill_entries (ret_args, TRUE, entries);
  return quilt_ctl_parse (ctl, argv, entries);
}

static gboolean
is_given (const QuiltCreateArgs *args, guint i)
{
  return options[i].arg == FLAG ? args->values[i].flag : args->values[i].text != NULL;
}

/* "--name" of the option that set this key, or of those that did; empty where none did. */
static char *
name_key (const QuiltCreateArgs *args, const char *key)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (is_given (args, i) &&
        (strcmp (options[i].key, key) == 0 ||
         (options[i].add == add_log_rate && strcmp (key, LOG_RATE_INTERVAL) == 0)))
      g_string_append_printf (names, "%s--%s", names->len > 0 ? " and " : "", options[i].name);
  return g_string_free (names, FALSE);
}

void
quilt_create_name_option (const QuiltCreateArgs *args, GError *error)
{
  static const char before[] = "set option '";
  const char *found = strstr (error->message, before);
  const char *start = found ? found + strlen (before) : NULL;
  const char *end = start ? strchr (start, '\'') : NULL;
  g_autofree char *key = end ? g_strndup (start, (gsize)(end - start)) : NULL;
  g_autofree char *names = key ? name_key (args, key) : NULL;
  g_autofree char *head = NULL;
  char *message;

  if (!names || !*names)
    return;
  head = g_strndup (error->message, (gsize)(start - 1 - error->message));
  message = g_strconcat (head, names, end + 1, NULL);
  g_free (error->message);
  error->message = message;
}

static const QuiltCreateValue *
find_value (const QuiltCreateArgs *args, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (strcmp (options[i].name, name) == 0)
      return &args->values[i];
  g_return_val_if_reached (NULL);
}

GVariant *
quilt_create_options (const QuiltCreateArgs *args,
                      char *const *command,
                      const char *(*lookup) (const char *name),
                      GError **error)
{
  GVariantBuilder builder;
  const Request request = {&builder, lookup, args->live, find_value (args, "volume"),
                           find_value (args, "mount")};

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; i < G_N_ELEMENTS (options); i++) {
    if (is_given (args, i) && !options[i].add (&options[i], &args->values[i], &request, error)) {
      g_variant_builder_clear (&builder);
      return NULL;
    }
  }
  if (command && command[0])
    g_variant_builder_add (&builder, "{sv}", "command",
                           g_variant_new_bytestring_array ((const char *const *)command, -1));
  return g_variant_builder_end (&builder);
}
