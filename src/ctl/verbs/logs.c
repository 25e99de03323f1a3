/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* logs: prints a container's output from the journal; with --follow, until the container ends. */
#include "ctl/bus.h"
#include "ctl/log-format.h"
#include "ctl/pager.h"
#include "ctl/verbs/read-log.h"
#include "ctl/text.h"
#include "ctl/when.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "spec/names.h"

#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* journald may lag this far behind its clients. */
#define BEHIND_MSEC 1000
#define BEHIND_USEC (2 * G_USEC_PER_SEC)

typedef struct {
  FILE *output;
  GString *text;
} Line;

typedef struct {
  QuiltCtl *ctl;
  QuiltJournal *journal;
  QuiltLogFormatter formatter;
  guint64 until;
  const char *only;    /* print only this stream; NULL: both */
  FILE *err;           /* for the lines of stderr, and for notes */
  FILE *last;          /* the file written to last; NULL: none */
  gboolean with_notes; /* print notes about dropped lines */
  /* of Line, oldest first: output kept to be printed in reverse; NULL: print at once */
  GArray *reverse;
  GMainLoop *loop;
  gboolean ended;      /* quiltd has said that the container no longer runs */
  guint64 ended_after; /* the entry about the container's end is at least as new as this */
  guint timer;
  gboolean quiet;   /* look for the end without printing */
  gboolean stopped; /* read no more */
  int code;
} Logs;

static void
line_clear (gpointer data)
{
  Line *line = data;

  g_string_free (line->text, TRUE);
}

static void
logs_clear (Logs *logs)
{
  g_clear_pointer (&logs->reverse, g_array_unref);
  g_clear_pointer (&logs->journal, quilt_journal_close);
  g_clear_pointer (&logs->loop, g_main_loop_unref);
  quilt_log_formatter_clear (&logs->formatter);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Logs, logs_clear)

static gboolean
is_terminal_state (const char *state)
{
  return g_strcmp0 (state, "exited") == 0 || g_strcmp0 (state, "failed") == 0;
}

/* Returns NULL if the entry is not to be printed. */
static FILE *
find_output (const Logs *logs, const QuiltLogEntry *entry)
{
  if (!entry->stream)
    return entry->is_dropped_note && logs->with_notes ? logs->err : NULL;
  if (logs->only && strcmp (logs->only, entry->stream) != 0)
    return NULL;
  return strcmp (entry->stream, "stderr") == 0 ? logs->err : stdout;
}

/* Returns an empty text if the line continues in the next entry. */
static GString *
format_entry (Logs *logs, const QuiltLogEntry *entry)
{
  GString *text = g_string_new (NULL);

  if (logs->formatter.format >= QUILT_LOG_JSON) {
    g_autoptr (json_object) object = quilt_journal_to_json (logs->journal);
    g_autofree char *json =
        quilt_json_print (object, logs->formatter.format == QUILT_LOG_JSON_PRETTY);
    g_autofree char *safe = quilt_text_json_printable (json);

    g_string_append (text, safe);
    if (!g_str_has_suffix (safe, "\n"))
      g_string_append_c (text, '\n');
  } else {
    quilt_log_format (&logs->formatter, entry, text);
  }
  return text;
}

/* Flushes when the output changes, to keep the order of entries even if both outputs are one
 * file. */
static void
print_line (Logs *logs, const Line *line)
{
  if (logs->last && logs->last != line->output)
    fflush (logs->last);
  logs->last = line->output;
  fwrite (line->text->str, 1, line->text->len, line->output);
}

static void
print_entry (Logs *logs, const QuiltLogEntry *entry)
{
  FILE *output = find_output (logs, entry);
  Line line = {output, output ? format_entry (logs, entry) : NULL};

  if (!output)
    return;
  if (logs->reverse) {
    g_array_append_val (logs->reverse, line);
    return;
  }
  print_line (logs, &line);
  g_string_free (line.text, TRUE);
}

static void
print_reverse (Logs *logs)
{
  for (guint i = logs->reverse->len; i > 0; i--)
    print_line (logs, &g_array_index (logs->reverse, Line, i - 1));
}

/* Prints all available entries. */
static void
read_all (Logs *logs)
{
  g_autoptr (GError) error = NULL;
  QuiltLogEntry entry;
  int r = 0;

  while (!logs->stopped && (r = quilt_journal_next (logs->journal, &entry, &error)) > 0) {
    if (logs->loop && is_terminal_state (entry.state) && entry.sent_usec >= logs->ended_after)
      logs->stopped = TRUE;
    else if (!logs->quiet && entry.received_usec > logs->until)
      logs->stopped = TRUE;
    else if (!logs->quiet)
      print_entry (logs, &entry);
    if (ferror (stdout))
      logs->stopped = TRUE;
  }
  if (r < 0) {
    logs->code = quilt_ctl_fail (logs->ctl, error);
    logs->stopped = TRUE;
  }
  if (fflush (stdout) != 0 || quilt_journal_is_at_end (logs->journal))
    logs->stopped = TRUE;
}

static gboolean
on_overdue (gpointer data)
{
  Logs *logs = data;

  logs->timer = 0;
  read_all (logs);
  g_main_loop_quit (logs->loop);
  return G_SOURCE_REMOVE;
}

/* The entry about the container's end follows all of its output, since both pass through one
 * socket. If quiltd logs no such entry, waits for as long as journald may lag. */
static void
check_end (Logs *logs)
{
  if (!logs->loop)
    return; /* called before following began */
  if (logs->stopped)
    g_main_loop_quit (logs->loop);
  else if (logs->ended && logs->timer == 0)
    logs->timer = g_timeout_add (BEHIND_MSEC, on_overdue, logs);
}

static void
on_more (gpointer data)
{
  Logs *logs = data;

  read_all (logs);
  check_end (logs);
}

static void
on_removed (const char *path, GVariant *parameters, gpointer data)
{
  Logs *logs = data;

  logs->ended = TRUE;
  check_end (logs);
}

static void
on_state_changed (const char *path, GVariant *parameters, gpointer data)
{
  Logs *logs = data;
  const char *state;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(ss)")))
    return;
  g_variant_get (parameters, "(&s&s)", NULL, &state);
  logs->ended = is_terminal_state (state);
  check_end (logs);
}

/* A quiltd that comes back finds the container and announces its end. Without the bus, no end can
 * be announced. */
static void
on_owner_changed (const char *path, GVariant *parameters, gpointer data)
{
  Logs *logs = data;
  g_autoptr (GError) error = NULL;

  if (!quilt_dbus_is_closed (logs->ctl->connection) || !logs->loop || logs->ended)
    return;
  g_set_error_literal (&error, QUILT_ERROR, QUILT_ERROR_FAILED,
                       "The connection to the bus was closed, so quiltctl can't see when the "
                       "container ends; try again");
  logs->code = quilt_ctl_fail (logs->ctl, error);
  logs->stopped = TRUE;
  g_main_loop_quit (logs->loop);
}

/* The reader of our output is gone. Without this check, a quiet container would keep us running for
 * ever. */
static gboolean
on_stdout_closed (int fd, GIOCondition condition, gpointer data)
{
  Logs *logs = data;

  g_main_loop_quit (logs->loop);
  return G_SOURCE_REMOVE;
}

/* Reads until the container has ended. */
static int
follow (Logs *logs)
{
  g_autoptr (GError) error = NULL;

  logs->loop = g_main_loop_new (NULL, FALSE);
  if (!quilt_journal_watch (logs->journal, on_more, logs, &error))
    return quilt_ctl_fail (logs->ctl, error);
  g_unix_fd_add (STDOUT_FILENO, G_IO_ERR | G_IO_HUP, on_stdout_closed, logs);
  read_all (logs);
  check_end (logs);
  if (!logs->stopped)
    g_main_loop_run (logs->loop);
  return logs->code;
}

/* The container's last output may still be on its way to journald. Waits for the entry about the
 * container's end, so that the last lines are complete. */
static void
settle (QuiltCtl *ctl, const char *id, guint64 ended_after)
{
  g_auto (Logs) logs = {.ctl = ctl, .quiet = TRUE, .ended = TRUE, .ended_after = ended_after};

  logs.journal = quilt_journal_open ("CONTAINER_ID_FULL", id, NULL);
  if (logs.journal && quilt_journal_seek (logs.journal, ended_after, G_MAXUINT64, NULL, NULL))
    follow (&logs);
}

/* Asks quiltd whether the container still runs, and watches for its end. */
static void
look_at_container (Logs *logs, const char *path)
{
  const QuiltDbusMatch changed = {.sender = QUILT_BUS_NAME,
                                  .interface = QUILT_BUS_CONTAINER,
                                  .member = "StateChanged",
                                  .path = path};
  const QuiltDbusMatch removed = {.sender = QUILT_BUS_NAME,
                                  .interface = "org.freedesktop.DBus.ObjectManager",
                                  .member = "InterfacesRemoved",
                                  .path = QUILT_BUS_PATH,
                                  .arg0_path = path};
  g_autoptr (GVariant) properties = NULL;
  guint64 started = 0, finished = 0, now = (guint64)g_get_real_time ();
  const char *state = "";

  quilt_dbus_subscribe (logs->ctl->connection, &changed, on_state_changed, logs);
  quilt_dbus_subscribe (logs->ctl->connection, &removed, on_removed, logs);
  quilt_dbus_subscribe (logs->ctl->connection, &quilt_bus_owner_changed, on_owner_changed, logs);
  properties = quilt_bus_get_all (logs->ctl, path, QUILT_BUS_CONTAINER, NULL);
  if (!properties) {
    logs->ended = TRUE;
    return;
  }
  g_variant_lookup (properties, "State", "&s", &state);
  g_variant_lookup (properties, "Started", "t", &started);
  g_variant_lookup (properties, "Finished", "t", &finished);
  logs->ended = is_terminal_state (state);
  if (logs->ended)
    logs->ended_after = finished > 0 ? finished : G_MAXUINT64;
  else
    logs->ended_after =
        strcmp (state, "running") == 0 || strcmp (state, "stopping") == 0 ? started : now;
}

/* quiltd does not know a removed container. Finds the last container with this name or ID in the
 * journal. */
static QuiltJournal *
open_removed (const char *name, GError **error)
{
  const char *field = !quilt_id_prefix_check (name) ? "CONTAINER_NAME"
                      : strlen (name) == 32         ? "CONTAINER_ID_FULL"
                      : strlen (name) == 12         ? "CONTAINER_ID"
                                                    : "CONTAINER_NAME";
  g_autoptr (QuiltJournal) journal = quilt_journal_open (field, name, error);
  g_autofree char *id = journal ? quilt_journal_get_last_id (journal) : NULL;

  return id ? quilt_journal_open ("CONTAINER_ID_FULL", id, error) : NULL;
}

/* Opens the journal of the container called name. ret_path is its object, or NULL if the container
 * is removed. */
static QuiltJournal *
open_journal (QuiltCtl *ctl, const char *name, char **ret_path, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autofree char *path = quilt_bus_container_path (ctl, name, &cause);
  g_autofree char *id = path ? g_path_get_basename (path) : NULL;
  QuiltJournal *journal;

  if (id) {
    journal = quilt_journal_open ("CONTAINER_ID_FULL", id, error);
    *ret_path = g_steal_pointer (&path);
    return journal;
  }
  journal = g_utf8_validate (name, -1, NULL) ? open_removed (name, error) : NULL;
  if (!journal && error && !*error)
    g_propagate_error (error, g_steal_pointer (&cause));
  return journal;
}

static gboolean
parse_lines (const char *text, guint64 *ret_lines, GError **error)
{
  g_autofree char *quoted = NULL;

  /* podman and docker use -1 for "all". */
  if (!text || strcmp (text, "all") == 0 || strcmp (text, "-1") == 0)
    return TRUE;
  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64 - 1, ret_lines, NULL))
    return TRUE;
  quoted = quilt_text_quote (text);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read number of lines '%s': must be 0 or more, or 'all'", quoted);
  return FALSE;
}

typedef struct {
  gboolean follow, reverse, out, err, times, names;
  char *since, *until, *lines, *format;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->since);
  g_free (options->until);
  g_free (options->lines);
  g_free (options->format);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static char **
parse (QuiltCtl *ctl, char **argv, Options *options)
{
  const GOptionArg text = G_OPTION_ARG_FILENAME, flag = G_OPTION_ARG_NONE;
  const GOptionEntry entries[] = {
      {"follow", 'f', 0, flag, &options->follow, "Print new lines until it ends", NULL},
      {"lines", 'n', 0, text, &options->lines, "Only the last lines", "NUMBER"},
      {"tail", 0, 0, text, &options->lines, "The same", "NUMBER"},
      {"since", 'S', 0, text, &options->since, "Only lines since this time", "TIME"},
      {"until", 'U', 0, text, &options->until, "Only lines up to this time", "TIME"},
      {"reverse", 'r', 0, flag, &options->reverse, "The newest lines first", NULL},
      {"stdout", 0, 0, flag, &options->out, "Only what it printed on stdout", NULL},
      {"stderr", 0, 0, flag, &options->err, "Only what it printed on stderr", NULL},
      {"timestamps", 't', 0, flag, &options->times, "Put its time before each line", NULL},
      {"names", 0, 0, flag, &options->names, "Put the name before each line", NULL},
      {"output", 'o', 0, text, &options->format, "short, short-iso, short-precise, cat, json",
       "FORMAT"},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);

  if (!args)
    return NULL;
  if (options->follow && options->reverse)
    ctl->parse_code = quilt_ctl_usage (ctl, "--follow and --reverse exclude each other");
  else if (options->format && (options->times || options->names))
    ctl->parse_code = quilt_ctl_usage (
        ctl,
        "--output also sets what precedes a line: leave out --timestamps and --names, or --output");
  else
    return args;
  return NULL;
}

/* As in other tools, lines are bare unless they are printed on a terminal, or the user asks for
 * more. */
static gboolean
choose_format (Logs *logs, const Options *options, GError **error)
{
  QuiltLogFormatter *formatter = &logs->formatter;
  gboolean is_terminal = isatty (STDOUT_FILENO) != 0;

  formatter->for_terminal = is_terminal;
  if (options->format) {
    if (!quilt_log_format_parse (options->format, &formatter->format, error))
      return FALSE;
    logs->with_notes = formatter->format != QUILT_LOG_CAT;
    return TRUE;
  }
  logs->with_notes = TRUE;
  if (options->times || options->names) {
    formatter->format = QUILT_LOG_SHORT_ISO;
    formatter->without_time = !options->times;
    formatter->without_name = !options->names;
  } else if (!is_terminal) {
    formatter->format = QUILT_LOG_CAT;
  }
  return TRUE;
}

static void
choose_outputs (Logs *logs, const Options *options)
{
  if (options->out != options->err)
    logs->only = options->out ? "stdout" : "stderr";
  /* A pager uses the whole terminal, so notes go through it too. JSON names the stream in each
   * entry. */
  logs->err =
      logs->formatter.format >= QUILT_LOG_JSON || (logs->ctl->pager && isatty (STDERR_FILENO))
          ? stdout
          : stderr;
  if (options->reverse) {
    logs->reverse = g_array_new (FALSE, FALSE, sizeof (Line));
    g_array_set_clear_func (logs->reverse, line_clear);
  }
}

/* Whether we can't read the journal, but quiltd can for us. */
static gboolean
needs_quiltd (const char *path, const GError *error)
{
  return path && g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_AUTHORIZED);
}

static gboolean
begin_reading (Logs *logs, const char *path, const QuiltLogQuery *query, GError **error)
{
  if (logs->journal)
    return quilt_journal_seek (logs->journal, query->since_usec, query->lines, query->stream,
                               error);
  g_clear_error (error);
  logs->journal = quilt_read_log (logs->ctl, path, query, error);
  return logs->journal != NULL;
}

int
verb_logs (QuiltCtl *ctl, char **argv)
{
  g_auto (Logs) logs = {.ctl = ctl, .until = G_MAXUINT64, .ended_after = G_MAXUINT64};
  g_auto (Options) options = {0};
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  guint64 since = 0, lines = G_MAXUINT64, now = (guint64)g_get_real_time ();
  QuiltLogQuery query;
  char **args = parse (ctl, argv, &options);

  if (!args)
    return ctl->parse_code;
  if ((options.since && !quilt_when_parse (options.since, now, &since, &error)) ||
      (options.until && !quilt_when_parse (options.until, now, &logs.until, &error)) ||
      !parse_lines (options.lines, &lines, &error) || !choose_format (&logs, &options, &error))
    return quilt_ctl_fail (ctl, error);
  logs.journal = open_journal (ctl, args[0], &path, &error);
  if (!logs.journal && !needs_quiltd (path, error))
    return quilt_ctl_fail (ctl, error);
  if (path)
    look_at_container (&logs, path);
  if (logs.journal && logs.ended && logs.ended_after < now && now - logs.ended_after < BEHIND_USEC)
    settle (ctl, strrchr (path, '/') + 1, logs.ended_after);
  options.follow = options.follow && path && !logs.ended;
  if (!options.follow)
    quilt_pager_open (ctl);
  choose_outputs (&logs, &options);
  query = (QuiltLogQuery){since, logs.until, lines, logs.only, options.follow};
  if (!begin_reading (&logs, path, &query, &error))
    return quilt_ctl_fail (ctl, error);
  if (options.follow)
    return follow (&logs);
  read_all (&logs);
  if (logs.reverse)
    print_reverse (&logs);
  return logs.code;
}
