/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* status: shows a summary of a container, or of all of Quilt. */
#include "ctl/bus.h"
#include "ctl/verbs/detail.h"
#include "ctl/verbs/limit-warning.h"
#include "ctl/log-format.h"
#include "ctl/pager.h"
#include "ctl/print.h"
#include "ctl/verbs/read-log.h"
#include "ctl/text.h"

#include "base/error.h"
#include "spec/signals.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_LINES 10
/* A line may be as long as the journal allows, but an overview shows only its beginning. */
#define LOG_COLUMNS 500

static const char *
get_string (GVariant *properties, const char *key)
{
  const char *value = "";

  g_variant_lookup (properties, key, "&s", &value);
  return value;
}

static guint64
get_uint64 (GVariant *properties, const char *key)
{
  guint64 value = 0;

  g_variant_lookup (properties, key, "t", &value);
  return value;
}

static void
print_field (const char *label, const char *text)
{
  g_autofree char *line = quilt_text_line (text);

  printf ("%10s%c %s\n", label, *label ? ':' : ' ', line);
}

/* Formats the end of a run: "exited (3)" or "exited (137, oom-killed)". */
static char *
describe_end (GVariant *properties, const char *state)
{
  const char *reason = get_string (properties, "Reason");
  gint32 code = -1;

  g_variant_lookup (properties, "ExitCode", "i", &code);
  if (strcmp (state, "exited") != 0 && strcmp (state, "failed") != 0)
    return g_strdup (state);
  if (code >= 0 && strcmp (reason, "exited") == 0)
    return g_strdup_printf ("%s (%d)", state, code);
  if (code >= 0)
    return g_strdup_printf ("%s (%d, %s)", state, code, reason);
  return *reason ? g_strdup_printf ("%s (%s)", state, reason) : g_strdup (state);
}

static void
print_state (GVariant *properties, const char *state)
{
  const char *since_key = strcmp (state, "running") == 0   ? "Started"
                          : strcmp (state, "pending") == 0 ? "Created"
                                                           : "Finished";
  guint64 since = get_uint64 (properties, since_key);
  g_autofree char *end = describe_end (properties, state);
  g_autofree char *time = quilt_text_time (since);
  g_autofree char *ago = quilt_text_ago (since, (guint64)g_get_real_time ());
  g_autofree char *text =
      since > 0 ? g_strdup_printf ("%s since %s; %s", end, time, ago) : g_strdup (end);

  print_field ("State", text);
}

static void
print_limits (GVariant *properties)
{
  g_autofree char *memory = quilt_text_bytes (get_uint64 (properties, "MemoryMax"));
  g_autofree char *cpus = quilt_text_cpus (get_uint64 (properties, "CPUQuota"));
  guint64 pids_max = get_uint64 (properties, "PidsMax");
  g_autofree char *pids = pids_max == G_MAXUINT64
                              ? g_strdup ("infinity")
                              : g_strdup_printf ("%" G_GUINT64_FORMAT, pids_max);
  g_autofree char *limits =
      g_strdup_printf ("memory %s, CPUs %s, processes %s", memory, cpus, pids);
  const char *missing = get_string (properties, "LimitsNotInForce");
  g_autofree char *timeout = quilt_text_duration (get_uint64 (properties, "StopTimeout"));
  g_autofree char *signal = NULL;
  g_autofree char *stop = NULL;
  gint32 signum = 0;

  g_variant_lookup (properties, "StopSignal", "i", &signum);
  signal = signum > 0 ? quilt_signal_to_string (signum) : g_strdup ("SIGTERM");
  stop = g_strdup_printf ("%s, SIGKILL after %s", signal, timeout);
  print_field ("Limits", limits);
  if (*missing) {
    g_autofree char *named = quilt_limits_name_options (missing);
    g_autofree char *text = g_strdup_printf ("not in force: %s", named);

    print_field ("", text);
  }
  print_field ("Stop", stop);
}

/* Prints the current use of resources. */
static void
print_use (GVariant *properties)
{
  guint64 memory = get_uint64 (properties, "MemoryCurrent");
  guint64 cpu = get_uint64 (properties, "CPUUsage");
  g_autofree char *memory_text = quilt_text_bytes (memory);
  g_autofree char *cpu_text = quilt_text_duration (cpu / 1000 * 1000);

  if (memory != G_MAXUINT64)
    print_field ("Memory", memory_text);
  if (cpu != G_MAXUINT64)
    print_field ("CPU", cpu_text);
}

/* Prints the shares of time in which processes waited for each resource, if the host measures
 * them. */
static void
print_pressure (GVariant *properties)
{
  static const struct {
    const char *key, *name;
  } resources[] = {{"MemoryPressure", "memory"}, {"CPUPressure", "CPU"}, {"IOPressure", "IO"}};
  const char *label = "Pressure";

  for (guint i = 0; i < G_N_ELEMENTS (resources); i++) {
    g_autoptr (GVariant) pressure =
        g_variant_lookup_value (properties, resources[i].key, G_VARIANT_TYPE_VARDICT);
    gdouble ten, sixty, full;

    if (pressure && g_variant_lookup (pressure, "some-avg10", "d", &ten) &&
        g_variant_lookup (pressure, "some-avg60", "d", &sixty) &&
        g_variant_lookup (pressure, "full-avg10", "d", &full)) {
      g_autofree char *text = g_strdup_printf ("%s %.1f%% (full %.1f%%; %.1f%% of the minute)",
                                               resources[i].name, ten, full, sixty);

      print_field (label, text);
      label = "";
    }
  }
}

/* Returns NULL if the user may not see the log. */
static QuiltJournal *
open_log (QuiltCtl *ctl, const char *path, const char *id)
{
  const QuiltLogQuery query = {.until_usec = G_MAXUINT64, .lines = LOG_LINES};
  QuiltJournal *journal = quilt_journal_open ("CONTAINER_ID_FULL", id, NULL);
  gboolean no_ask_password = ctl->no_ask_password;

  if (journal && quilt_journal_seek (journal, 0, LOG_LINES, NULL, NULL))
    return journal;
  g_clear_pointer (&journal, quilt_journal_close);
  ctl->no_ask_password = TRUE;
  journal = quilt_read_log (ctl, path, &query, NULL);
  ctl->no_ask_password = no_ask_password;
  return journal;
}

static void
print_log (QuiltCtl *ctl, const char *path, const char *id)
{
  g_auto (QuiltLogFormatter) formatter = {.format = QUILT_LOG_SHORT, .for_terminal = TRUE};
  g_autoptr (QuiltJournal) journal = open_log (ctl, path, id);
  g_autoptr (GString) text = g_string_new (NULL);
  g_auto (GStrv) lines = NULL;
  QuiltLogEntry entry;

  if (!journal)
    return;
  while (quilt_journal_next (journal, &entry, NULL) > 0)
    if (entry.stream || entry.is_dropped_note)
      quilt_log_format (&formatter, &entry, text);
  if (text->len > 0)
    putchar ('\n');
  lines = g_strsplit (text->str, "\n", -1);
  for (guint i = 0; lines[i] && lines[i + 1]; i++) {
    g_autofree char *line = quilt_text_ellipsize (lines[i], LOG_COLUMNS);

    puts (line);
  }
}

static const char *
dot_colour (const char *state)
{
  return strcmp (state, "running") == 0  ? "\033[32m"
         : strcmp (state, "failed") == 0 ? "\033[31m"
                                         : "";
}

static void
print_container (QuiltCtl *ctl, const char *path, GVariant *properties, gboolean fancy)
{
  g_autoptr (json_object) record = quilt_detail_get (ctl, path);
  g_autofree char *command = quilt_detail_command (record);
  const char *detailed_error = quilt_detail_error (record);
  const char *state = get_string (properties, "State");
  const char *id = get_string (properties, "Id");
  const char *scope = get_string (properties, "Scope");
  const char *error = get_string (properties, "Error");
  g_autofree char *name = quilt_text_line (get_string (properties, "Name"));
  g_autofree char *digest = quilt_text_short_id (get_string (properties, "ImageDigest"));
  g_autofree char *image = g_strdup_printf ("%s (%s)", get_string (properties, "Image"), digest);
  guint32 pid = 0, step = 0;
  gboolean held = FALSE, frozen = FALSE;

  g_variant_lookup (properties, "Pid", "u", &pid);
  g_variant_lookup (properties, "SetupStep", "u", &step);
  printf ("%s●%s %s (%s)\n", fancy ? dot_colour (state) : "", fancy ? "\033[0m" : "", name, id);
  print_state (properties, state);
  g_variant_lookup (properties, "Frozen", "b", &frozen);
  if (frozen)
    print_field ("", "paused: its scope or a slice that it is in is frozen; see systemctl thaw");
  if (step > 0) {
    g_autofree char *text = g_strdup_printf ("step %u", step);

    print_field ("Setup", text);
  }
  if (*error)
    print_field ("Error", detailed_error ? detailed_error : error);
  if (command && *command)
    print_field ("Command", command);
  print_field ("Image", image);
  if (*scope)
    print_field ("Scope", scope);
  if (pid > 0) {
    g_autofree char *text = g_strdup_printf ("%u", pid);

    print_field ("Pid", text);
  }
  print_use (properties);
  print_limits (properties);
  print_pressure (properties);
  g_variant_lookup (properties, "LogHeld", "b", &held);
  if (held)
    print_field ("Log", "held back: its share of the journal is filled, see quiltd.conf(5)");
  print_log (ctl, path, id);
}

static int
exit_code (const char *state)
{
  return strcmp (state, "running") == 0 || strcmp (state, "setting-up") == 0 ||
                 strcmp (state, "stopping") == 0
             ? 0
             : QUILT_EXIT_NOT_RUNNING;
}

static int
status_container (QuiltCtl *ctl, const char *name, gboolean fancy)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = quilt_bus_container_path (ctl, name, &error);
  g_autoptr (GVariant) properties =
      path ? quilt_bus_get_all (ctl, path, QUILT_BUS_CONTAINER, &error) : NULL;

  if (!properties) {
    int code = quilt_ctl_fail (ctl, error);

    return g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND) ? QUILT_EXIT_NO_SUCH : code;
  }
  if (ctl->json != QUILT_JSON_OFF) {
    g_autoptr (json_object) object = quilt_json_new_variant (properties);

    quilt_print_json (ctl, object);
  } else {
    print_container (ctl, path, properties, fancy);
  }
  return exit_code (get_string (properties, "State"));
}

/* The number of containers in each state. */
static char *
count_states (GVariant *rows)
{
  static const char *const states[] = {"running", "paused", "setting-up", "stopping",
                                       "pending", "exited", "failed"};
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (states); i++) {
    GVariantIter iter;
    const char *state;
    guint n = 0;

    g_variant_iter_init (&iter, rows);
    while (g_variant_iter_next (&iter, QUILT_BUS_CONTAINER_ROW, NULL, NULL, NULL, NULL, NULL,
                                &state, NULL, NULL, NULL, NULL, NULL, NULL, NULL))
      n += strcmp (state, states[i]) == 0;
    if (n > 0)
      g_string_append_printf (text, "%s%u %s", text->len ? ", " : "", n, states[i]);
  }
  return g_string_free (text, FALSE);
}

static int
status_all (QuiltCtl *ctl, gboolean fancy)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) manager = quilt_bus_get_all (ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, &error);
  g_autoptr (GVariant) containers = manager ? quilt_bus_list_containers (ctl, NULL, &error) : NULL;
  g_autoptr (GVariant) images = containers ? quilt_bus_list_images (ctl, NULL, &error) : NULL;
  g_autofree char *states = NULL;
  gsize n_containers, n_images;

  if (!images)
    return quilt_ctl_fail (ctl, error);
  states = count_states (containers);
  n_containers = g_variant_n_children (containers);
  n_images = g_variant_n_children (images);
  if (ctl->json != QUILT_JSON_OFF) {
    g_autoptr (json_object) object = quilt_json_new_variant (manager);

    quilt_json_add_uint64 (object, "containers", n_containers);
    quilt_json_add_uint64 (object, "images", n_images);
    quilt_print_json (ctl, object);
    return 0;
  }
  printf ("%s●%s quiltd %s\n", fancy ? "\033[32m" : "", fancy ? "\033[0m" : "",
          get_string (manager, "Version"));
  printf ("%10s: %" G_GSIZE_FORMAT "%s%s%s\n", "Containers", n_containers, *states ? " (" : "",
          states, *states ? ")" : "");
  printf ("%10s: %" G_GSIZE_FORMAT "\n", "Images", n_images);
  return 0;
}

int
verb_status (QuiltCtl *ctl, char **argv)
{
  char **args = quilt_ctl_parse (ctl, argv, NULL);
  gboolean fancy = quilt_ctl_is_fancy (STDOUT_FILENO);
  int one, code = 0;

  if (!args)
    return ctl->parse_code;
  quilt_pager_open (ctl);
  if (!args[0])
    return status_all (ctl, fancy);
  for (guint i = 0; args[i]; i++) {
    if (i > 0 && ctl->json == QUILT_JSON_OFF)
      putchar ('\n');
    one = status_container (ctl, args[i], fancy);
    code = MAX (code, one);
  }
  return code;
}
