/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* exec: runs a command in a container. If our stdin is a pipe, the command gets it; for other
 * streams quiltctl copies. */
#include "ctl/exec/exec.h"

#include "ctl/bus.h"
#include "ctl/options/env.h"
#include "ctl/print.h"
#include "ctl/streams/input.h"
#include "ctl/streams/signals.h"
#include "ctl/streams/stream.h"
#include "ctl/streams/terminal.h"
#include "ctl/verbs/waiter.h"

#include "base/error.h"
#include "base/fd.h"
#include "spec/names.h"
#include "spec/quantities.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FDS_MAX 4

typedef struct {
  QuiltCtl *ctl;
  const QuiltExecOptions *options;
  GMainLoop *loop;
  const char *container; /* as typed; it may be renamed before the end */
  char *session;
  QuiltWaiter *waiter;
  QuiltTerminal *terminal;
  QuiltStreamCopy *streams[2]; /* NULL: none, or ended */
  QuiltStdin input;
  int leash; /* the session ends when this is closed, unless a byte was written to it */
  QuiltDetachKeys keys;
  int fds[FDS_MAX]; /* for the call; closed once it is sent */
  guint n_fds;
  gboolean is_open;   /* the terminal's output has not ended */
  gboolean has_left;  /* the user has typed the detach keys */
  gboolean unwritten; /* writing to our stdout has failed */
  guint signals;      /* that asked us to end */
  int code;           /* -1: unknown so far */
} Exec;

void
quilt_exec_options_clear (QuiltExecOptions *self)
{
  g_strfreev (self->env);
  g_strfreev (self->env_files);
  g_free (self->cwd);
  g_free (self->user);
  g_free (self->timeout);
  g_free (self->detach_keys);
  g_free (self->provide);
}

static void
close_fds (Exec *self)
{
  for (guint i = 0; i < self->n_fds; i++)
    quilt_fd_clear (&self->fds[i]);
  self->n_fds = 0;
}

static void
exec_clear (Exec *self)
{
  g_clear_pointer (&self->waiter, quilt_waiter_free);
  g_clear_pointer (&self->terminal, quilt_terminal_free);
  close_fds (self);
  quilt_stdin_clear (&self->input);
  quilt_fd_clear (&self->leash);
  g_main_loop_unref (self->loop);
  g_free (self->session);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Exec, exec_clear)

static const char *
lookup_environment (const char *name)
{
  return g_getenv (name);
}

static void
check_end (Exec *self)
{
  if (self->code < 0)
    return;
  if (!self->streams[0] && !self->streams[1] && !self->is_open)
    g_main_loop_quit (self->loop);
}

/* The command has ended. Processes that it has left may hold the streams and the terminal. */
static void
hurry (Exec *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->streams); i++)
    if (self->streams[i])
      quilt_stream_hurry (self->streams[i]);
  if (self->terminal)
    quilt_terminal_hurry (self->terminal);
  check_end (self);
}

static void
on_ended (int exit_code, const char *reason, const GError *error, gpointer data)
{
  Exec *self = data;

  if (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND) ||
      g_strcmp0 (reason, "lost") == 0)
    self->code =
        quilt_ctl_usage (self->ctl, "Failed to get the exit code of the command: its supervisor or "
                                    "quiltd was killed meanwhile");
  else if (error)
    self->code = quilt_ctl_fail (self->ctl, error);
  else
    self->code = exit_code;
  if (g_strcmp0 (reason, "timed-out") == 0)
    quilt_ctl_warn ("The command was killed, because its time limit of %s was exceeded",
                    self->options->timeout);
  hurry (self);
}

static void
on_stream_end (Exec *self, guint i, int errsv)
{
  self->streams[i] = NULL;
  if (errsv && errsv != EPIPE) {
    quilt_ctl_warn ("Failed to write the command's output: %s", g_strerror (errsv));
    self->unwritten = TRUE;
  }
  check_end (self);
}

static void
on_stdout_end (int errsv, gpointer data)
{
  on_stream_end (data, 0, errsv);
}

static void
on_stderr_end (int errsv, gpointer data)
{
  on_stream_end (data, 1, errsv);
}

static void
on_terminal_end (int errsv, gpointer data)
{
  Exec *self = data;

  self->is_open = FALSE;
  check_end (self);
}

/* The session goes on. Its supervisor finds the byte, even while quiltd is away. */
static void
on_detached (gpointer data)
{
  Exec *self = data;

  self->has_left = quilt_fd_write_all (self->leash, "", 1);
  self->code = 0;
  if (!self->has_left)
    self->code = quilt_ctl_usage (self->ctl, "Failed to detach: %s", g_strerror (errno));
  g_main_loop_quit (self->loop);
}

static const QuiltTerminalEvents terminal_events = {
    .done = on_terminal_end,
    .detached = on_detached,
};

static void
on_told (QuiltDbusReply *reply, gpointer data)
{
  /* A session that has just ended can't be signalled, and its end is reported anyway. */
}

static void
send_signal (Exec *self, int signum)
{
  g_autoptr (GVariant) args = g_variant_ref_sink (
      g_variant_new ("(ssi@a{sv})", "", self->session, signum, quilt_bus_no_options ()));
  const QuiltDbusCall call =
      quilt_bus_make_call (self->ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, "KillSession", args, NULL);

  if (quilt_bus_connect (self->ctl, NULL))
    quilt_dbus_call (self->ctl->connection, &call, on_told, NULL, NULL);
}

/* With a terminal, its keys send signals to the command, so a signal to quiltctl is for quiltctl.
 * Otherwise the command gets it, and a second one ends quiltctl, which ends the session. */
static void
on_signal (int signum, gpointer data)
{
  Exec *self = data;

  if (signum == SIGUSR1 || signum == SIGUSR2) {
    send_signal (self, signum);
    return;
  }
  self->signals++;
  if (!self->options->tty && self->signals == 1) {
    send_signal (self, signum);
    return;
  }
  self->code = QUILT_EXIT_SIGNAL + signum;
  g_main_loop_quit (self->loop);
}

static void
open_terminal (Exec *self, int master)
{
  self->is_open = TRUE;
  self->terminal = quilt_terminal_new (master, &terminal_events, self);
  if (self->options->interactive)
    quilt_terminal_type (self->terminal, master, &self->keys);
}

/* With a terminal, the command is executed; otherwise it has ended. */
static void
on_answer (QuiltDbusReply *reply, gpointer data)
{
  Exec *self = data;
  g_autoptr (GVariant) results = NULL;
  const char *reason;
  gint32 handle, code;

  if (reply->error && (self->options->tty || !quilt_bus_error_is_lost (reply->error))) {
    quilt_bus_fix_error (&reply->error);
    self->code = quilt_ctl_fail (self->ctl, reply->error);
    hurry (self);
    return;
  }
  if (reply->body)
    g_variant_get (reply->body, "(s@a{sv})", NULL, &results);
  if (results && g_variant_lookup (results, "exit-code", "i", &code) &&
      g_variant_lookup (results, "reason", "&s", &reason)) {
    on_ended (code, reason, NULL, self);
    return;
  }
  if (results && g_variant_lookup (results, "terminal", "h", &handle) && handle >= 0 &&
      (guint)handle < reply->n_fds)
    open_terminal (self, g_steal_fd (&reply->fds[handle]));
  /* If quiltd was killed, the session may run, and the next quiltd knows it. */
  self->waiter = quilt_waiter_new (self->ctl, "", self->session, on_ended, self);
}

static void
add_fd (Exec *self, GVariantBuilder *builder, const char *key, int fd)
{
  g_variant_builder_add (builder, "{sv}", key, g_variant_new_handle ((gint32)self->n_fds));
  self->fds[self->n_fds++] = fd;
}

static gboolean
open_input (Exec *self, GVariantBuilder *builder)
{
  int fd = self->options->interactive ? quilt_stdin_open (&self->input) : -1;

  if (fd >= 0)
    add_fd (self, builder, "stdin", fd);
  return fd >= 0 || !self->options->interactive;
}

static gboolean
open_outputs (Exec *self, GVariantBuilder *builder)
{
  const struct {
    const char *key;
    int fd;
    QuiltStreamDone done;
  } streams[] = {{"stdout", STDOUT_FILENO, on_stdout_end},
                 {"stderr", STDERR_FILENO, on_stderr_end}};
  int writer;

  /* The command's user becomes the owner of these pipes, so they are not ours. */
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++) {
    self->streams[i] = quilt_stream_new (streams[i].fd, streams[i].done, self, &writer);
    if (!self->streams[i])
      return FALSE;
    add_fd (self, builder, streams[i].key, writer);
  }
  return TRUE;
}

static gboolean
open_leash (Exec *self, GVariantBuilder *builder)
{
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC) < 0)
    return FALSE;
  self->leash = ends[1];
  add_fd (self, builder, "leash", ends[0]);
  return TRUE;
}

static gboolean
open_all (Exec *self, GVariantBuilder *builder, GError **error)
{
  gboolean ok = TRUE;

  if (!self->options->detach)
    ok = open_leash (self, builder) &&
         (self->options->tty || (open_input (self, builder) && open_outputs (self, builder)));
  return ok || quilt_set_error_errno (error, errno, "Failed to make a pipe");
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

/* A login has our kind of terminal, unless a variable says otherwise. */
static char **
read_env (const QuiltExecOptions *options, GError **error)
{
  g_autoptr (GStrvBuilder) all = g_strv_builder_new ();
  g_auto (GStrv) variables = NULL;

  if (options->login && options->tty)
    g_strv_builder_add (all, "TERM");
  if (options->env)
    g_strv_builder_addv (all, (const char **)options->env);
  variables = g_strv_builder_end (all);
  return quilt_env_read (options->env_files, variables, lookup_environment, error);
}

static gboolean
add_options (Exec *self, GVariantBuilder *builder, GError **error)
{
  const QuiltExecOptions *options = self->options;
  g_auto (GStrv) env = read_env (options, error);
  guint16 columns, rows;
  guint64 usec;

  if (!env || !add_text (builder, "working-directory", options->cwd, error) ||
      !add_text (builder, "user", options->user, error) ||
      !add_text (builder, "provide", options->provide, error) ||
      (options->timeout && !quilt_parse_duration (options->timeout, &usec, error)))
    return FALSE;
  if (*env)
    g_variant_builder_add (builder, "{sv}", "env",
                           g_variant_new_bytestring_array ((const char *const *)env, -1));
  if (options->timeout)
    g_variant_builder_add (builder, "{sv}", "timeout", g_variant_new_uint64 (usec));
  if (options->login)
    g_variant_builder_add (builder, "{sv}", "login", g_variant_new_boolean (TRUE));
  if (options->privileged)
    g_variant_builder_add (builder, "{sv}", "privileged", g_variant_new_boolean (TRUE));
  if (options->tty)
    g_variant_builder_add (builder, "{sv}", "terminal", g_variant_new_boolean (TRUE));
  if (options->tty && quilt_terminal_get_size (&columns, &rows)) {
    g_variant_builder_add (builder, "{sv}", "columns", g_variant_new_uint64 (columns));
    g_variant_builder_add (builder, "{sv}", "rows", g_variant_new_uint64 (rows));
  }
  if (!options->tty && !options->detach)
    g_variant_builder_add (builder, "{sv}", "wait", g_variant_new_boolean (TRUE));
  g_variant_builder_add (builder, "{sv}", "session", g_variant_new_string (self->session));
  return TRUE;
}

/* The cursor is where the command has left it. */
static void
tell_session (Exec *self)
{
  g_clear_pointer (&self->terminal, quilt_terminal_free);
  fputc ('\n', stderr);
  quilt_ctl_warn ("Session %.12s goes on; to end it: quiltctl kill --session=%.12s %s",
                  self->session, self->session, self->container);
}

static int
run (Exec *self, char **args)
{
  g_auto (QuiltSignals) signals = QUILT_SIGNALS_INIT;
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) call_args = NULL;
  g_autoptr (GError) error = NULL;
  QuiltDbusCall call;

  if (!quilt_detach_keys_parse (self->options->detach_keys ? self->options->detach_keys
                                                           : QUILT_DETACH_KEYS_DEFAULT,
                                &self->keys, &error) ||
      !quilt_bus_check_text ("container name", self->container, &error) ||
      !add_options (self, &builder, &error) || !quilt_bus_connect (self->ctl, &error) ||
      !open_all (self, &builder, &error))
    return quilt_ctl_fail (self->ctl, error);
  call_args = g_variant_ref_sink (
      g_variant_new ("(s@aaya{sv})", self->container,
                     g_variant_new_bytestring_array ((const char *const *)args + 1, -1), &builder));
  call = quilt_bus_make_call (self->ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, "ExecContainer",
                              call_args, "(sa{sv})");
  call.fds = self->fds;
  call.n_fds = self->n_fds;
  quilt_signals_watch (&signals, on_signal, self);
  quilt_dbus_call (self->ctl->connection, &call, on_answer, self, NULL);
  close_fds (self); /* only the command holds its ends */
  g_main_loop_run (self->loop);
  if (self->has_left)
    tell_session (self);
  return self->unwritten ? QUILT_EXIT_RUN_FAILURE : self->code;
}

/* --detach: returns once the command is executed. */
static int
run_detached (Exec *self, char **args)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) error = NULL;

  if (quilt_bus_check_text ("container name", self->container, &error) &&
      add_options (self, &builder, &error))
    reply = quilt_bus_call_manager (
        self->ctl, "ExecContainer",
        g_variant_new ("(s@aaya{sv})", self->container,
                       g_variant_new_bytestring_array ((const char *const *)args + 1, -1),
                       &builder),
        "(sa{sv})", &error);
  if (!reply)
    return quilt_ctl_fail (self->ctl, error);
  puts (self->session);
  return 0;
}

int
quilt_exec_run (QuiltCtl *ctl, const QuiltExecOptions *options, char **args)
{
  g_auto (Exec) self = {.ctl = ctl,
                        .options = options,
                        .loop = g_main_loop_new (NULL, FALSE),
                        .container = args[0],
                        .session = quilt_id_new (),
                        .input = QUILT_STDIN_INIT,
                        .leash = -1,
                        .code = -1};

  return options->detach ? run_detached (&self, args) : run (&self, args);
}

int
verb_exec (QuiltCtl *ctl, char **argv)
{
  g_auto (QuiltExecOptions) options = {0};
  const GOptionArg text = G_OPTION_ARG_FILENAME, texts = G_OPTION_ARG_FILENAME_ARRAY;
  const GOptionEntry entries[] = {
      {"interactive", 'i', 0, G_OPTION_ARG_NONE, &options.interactive, "Pass stdin on", NULL},
      {"tty", 't', 0, G_OPTION_ARG_NONE, &options.tty, "Give the command a terminal", NULL},
      {"detach", 'd', 0, G_OPTION_ARG_NONE, &options.detach,
       "Print the session's ID and return at once", NULL},
      {"env", 'e', 0, texts, &options.env, "Set a variable", "NAME[=VALUE]"},
      {"env-file", 0, 0, texts, &options.env_files, "Set the variables in a file", "FILE"},
      {"workdir", 'w', 0, text, &options.cwd, "Working directory", "DIR"},
      {"user", 'u', 0, text, &options.user, "User to run as", "USER[:GROUP]"},
      {"provide", 0, 0, text, &options.provide, "Bring a shell, tools or CA certificates", "WORDS"},
      {"privileged", 0, 0, G_OPTION_ARG_NONE, &options.privileged,
       "All capabilities, no system call filter", NULL},
      {"timeout", 0, 0, text, &options.timeout, "Kill the command after this time", "TIME"},
      {"detach-keys", 0, 0, text, &options.detach_keys, "Keys that leave the terminal", "KEYS"},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);

  if (!args)
    return ctl->parse_code;
  if (options.detach && (options.tty || options.interactive))
    return quilt_ctl_usage (ctl, "option --detach excludes --tty and --interactive");
  if (options.tty && options.interactive && !isatty (STDIN_FILENO))
    return quilt_ctl_usage (ctl, "option --tty: stdin is not a terminal; leave --tty out");
  return quilt_exec_run (ctl, &options, args);
}
