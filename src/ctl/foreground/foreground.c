/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container in the foreground: its output, input and signals, until its end. */
#include "ctl/foreground/foreground.h"

#include "ctl/bus.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* Time limit for the streams of a container that failed to start. */
#define FAILED_STREAMS_MSEC 2000
#define NAME_TIMEOUT_MSEC 500
/* Time limit for the container's end, after its supervisor has let go of us. */
#define DROPPED_MSEC 1000

void
quilt_foreground_init (QuiltForeground *self, QuiltCtl *ctl)
{
  *self = (QuiltForeground){.ctl = ctl,
                            .loop = g_main_loop_new (NULL, FALSE),
                            .input = QUILT_STDIN_INIT,
                            .signals = QUILT_SIGNALS_INIT,
                            .shown = -1,
                            .typed = -1,
                            .leash = -1,
                            .code = -1};
  quilt_detach_keys_parse (QUILT_DETACH_KEYS_DEFAULT, &self->keys, NULL);
}

void
quilt_foreground_clear (QuiltForeground *self)
{
  g_clear_pointer (&self->waiter, quilt_waiter_free);
  g_clear_pointer (&self->screen, quilt_terminal_free);
  quilt_signals_clear (&self->signals);
  quilt_stdin_clear (&self->input);
  quilt_fd_clear (&self->shown);
  quilt_fd_clear (&self->typed);
  quilt_fd_clear (&self->leash);
  for (guint i = 0; i < self->n_fds; i++)
    quilt_fd_clear (&self->fds[i]);
  g_main_loop_unref (self->loop);
  g_free (self->id);
}

/* Ends quiltctl, while the container goes on. */
static void
leave (QuiltForeground *self, int code)
{
  self->code = code;
  self->has_left = self->id != NULL;
  g_main_loop_quit (self->loop);
}

static void
check_end (QuiltForeground *self)
{
  if (self->open_streams == 0 && self->code >= 0)
    g_main_loop_quit (self->loop);
  else if (self->open_streams == 0 && self->waiter)
    quilt_waiter_hurry (self->waiter);
}

static void
on_ended (int exit_code, const char *reason, const GError *error, gpointer data)
{
  QuiltForeground *self = data;

  if (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND))
    self->code =
        quilt_ctl_usage (self->ctl,
                         "Failed to get the exit code of container '%s': quiltd was killed "
                         "meanwhile, and there is no such container now",
                         self->name ? self->name : self->id);
  else if (error)
    self->code = quilt_ctl_fail (self->ctl, error);
  else if (exit_code < 0)
    self->code = quilt_ctl_usage (self->ctl,
                                  "Failed to get the exit code of container '%s': %s; see: "
                                  "journalctl CONTAINER_ID=%.12s",
                                  self->name ? self->name : self->id, reason, self->id);
  else
    self->code = exit_code;
  check_end (self);
}

static void
on_told (QuiltDbusReply *reply, gpointer data)
{
  /* Ignore failures in the body of the answer: a container that has just ended can't be signalled,
   * and its end is reported anyway. */
  if (reply->error && !quilt_bus_error_is_lost (reply->error)) {
    quilt_bus_fix_error (&reply->error);
    quilt_ctl_warn ("%s", reply->error->message);
  }
}

/* Calls a method of quiltd, and reports only failures. */
static void
tell (QuiltForeground *self, const char *method, GVariant *args)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (args);
  const QuiltDbusCall call =
      quilt_bus_make_call (self->ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, method, owned, NULL);
  g_autoptr (GError) error = NULL;

  if (quilt_bus_connect (self->ctl, &error))
    quilt_dbus_call (self->ctl->connection, &call, on_told, NULL, NULL);
  else
    quilt_ctl_warn ("%s", error->message);
}

static void
send_signal (QuiltForeground *self, int signum)
{
  const char *const names[] = {self->id, NULL};

  tell (self, "KillContainers",
        g_variant_new ("(^asi@a{sv})", names, signum, quilt_bus_no_options ()));
}

static void
stop (QuiltForeground *self, const char *option)
{
  const char *const names[] = {self->id ? self->id : self->name, NULL};
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (option)
    g_variant_builder_add (&options, "{sv}", option, g_variant_new_boolean (TRUE));
  tell (self, "StopContainers", g_variant_new ("(^asa{sv})", names, &options));
}

/* A property of the container, owned by the caller; NULL: unknown. Waits only briefly for the
 * answer: if quiltd hangs, the next Ctrl-C must still work. */
static char *
get_property (const QuiltForeground *self, const char *property)
{
  g_autofree char *path = g_strconcat (QUILT_BUS_PATH "/container/", self->id, NULL);
  g_auto (QuiltDbusReply) reply = {0};
  g_autoptr (GVariant) value = NULL;

  if (g_variant_is_object_path (path) && quilt_bus_connect (self->ctl, NULL)) {
    QuiltDbusCall call =
        quilt_bus_make_call (self->ctl, path, QUILT_BUS_PROPERTIES, "Get",
                             g_variant_new ("(ss)", QUILT_BUS_CONTAINER, property), "(v)");

    call.flags = QUILT_DBUS_NO_AUTO_START;
    quilt_dbus_call_sync (self->ctl->connection, &call, NAME_TIMEOUT_MSEC, &reply);
  }
  if (reply.body)
    g_variant_get (reply.body, "(v)", &value);
  return value && g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
             ? g_variant_dup_string (value, NULL)
             : NULL;
}

/* The container's name, which quiltd may have chosen, or its ID. Owned by the caller. */
static char *
get_name (const QuiltForeground *self)
{
  char *name = get_property (self, "Name");

  return name ? name : g_strdup (self->name ? self->name : self->id);
}

/* A terminal has printed "^C" at the cursor. */
static void
begin_line (void)
{
  if (isatty (STDERR_FILENO))
    fputc ('\n', stderr);
}

/* When the reader of our output is gone, quiltctl ends, as programs in a pipeline do. A container
 * with --rm is stopped: its writes fail, as ours did. Other containers continue. If the container
 * does not exist yet, waits for its start. A setup step can be stopped by the container's name. */
static void
follow_reader (QuiltForeground *self)
{
  g_autofree char *name = NULL;

  if (!self->unread || (!self->id && !self->has_setup))
    return;
  name = self->id ? get_name (self) : g_strdup (self->name);
  if (self->auto_remove) {
    quilt_ctl_warn ("The reader of the output is gone; stopping container %s (--rm)", name);
    stop (self, "close-output");
    return;
  }
  quilt_ctl_warn ("The reader of the output is gone; container %s goes on; to stop it: quiltctl "
                  "stop %s",
                  name, name);
  g_main_loop_quit (self->loop);
}

static void
lose_reader (QuiltForeground *self)
{
  if (!self->unread) {
    self->unread = TRUE;
    follow_reader (self);
  }
  check_end (self);
}

static void
on_stdout_end (int errsv, gpointer data)
{
  QuiltForeground *self = data;

  self->open_streams--;
  if (errsv == EPIPE) {
    lose_reader (self);
    return;
  }
  if (errsv) {
    quilt_ctl_warn ("Failed to write to stdout: %s; the container goes on", g_strerror (errsv));
    self->unwritten = TRUE;
  }
  check_end (self);
}

static void
on_stderr_end (int errsv, gpointer data)
{
  QuiltForeground *self = data;

  self->open_streams--;
  if (errsv == EPIPE)
    lose_reader (self);
  else
    check_end (self);
}

/* The kernel drops a signal to a container's first process that the process does not handle, so
 * Ctrl-C may do nothing. The first Ctrl-C tells the user that the signal was sent and that the
 * third will kill. The second tells how to stop the container. The third sends SIGKILL. This
 * applies only on a terminal: a program that sends SIGINT may want its container to continue. */
static void
interrupt (QuiltForeground *self)
{
  g_autofree char *name = NULL;

  if (!isatty (STDERR_FILENO)) {
    send_signal (self, SIGINT);
    return;
  }
  self->interrupts++;
  name = get_name (self);
  send_signal (self, self->interrupts < 3 ? SIGINT : SIGKILL);
  begin_line ();
  if (self->interrupts == 1)
    quilt_ctl_warn ("Sent SIGINT to container %s; if it does not end, the third Ctrl-C kills it",
                    name);
  else if (self->interrupts == 2)
    quilt_ctl_warn (
        "Container %s still runs after SIGINT; to stop it: quiltctl stop %s; to kill it: "
        "Ctrl-C once more",
        name, name);
  else
    quilt_ctl_warn ("Killing container %s, which did not end after SIGINT", name);
}

static void
pass_on (QuiltForeground *self, int signum)
{
  if (signum == SIGINT)
    interrupt (self);
  else
    send_signal (self, signum);
}

/* Setup steps run before RunContainer is answered. A user who interrupts them wants the container
 * gone, and there is no command yet that could get the signal. */
static void
on_early_signal (QuiltForeground *self, int signum)
{
  gboolean again = self->pending_signal != 0;

  self->pending_signal = signum;
  if (signum == SIGUSR1 || signum == SIGUSR2)
    return;
  if (self->has_setup && !again)
    stop (self, NULL);
  else if (again)
    leave (self, QUILT_EXIT_SIGNAL + signum);
}

/* At the container's terminal, keys send signals to the command, so a signal to quiltctl is for
 * quiltctl. */
static void
on_signal (int signum, gpointer data)
{
  QuiltForeground *self = data;

  if (self->code >= 0)
    g_main_loop_quit (self->loop); /* the container has ended, and only unread output is left */
  else if (!self->id)
    on_early_signal (self, signum);
  else if (self->no_proxy || self->is_typing)
    leave (self, QUILT_EXIT_SIGNAL + signum);
  else
    pass_on (self, signum);
}

static gboolean
on_streams_overdue (gpointer data)
{
  QuiltForeground *self = data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static void
on_detached (gpointer data)
{
  leave (data, 0);
}

static void
on_resized (guint16 columns, guint16 rows, gpointer data)
{
  QuiltForeground *self = data;
  g_autoptr (GVariant) args = NULL;
  QuiltDbusCall call;

  if (!self->id || (columns == self->columns && rows == self->rows))
    return;
  self->columns = columns;
  self->rows = rows;
  args = g_variant_ref_sink (
      g_variant_new ("(suu@a{sv})", self->id, columns, rows, quilt_bus_no_options ()));
  call = quilt_bus_make_call (self->ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, "ResizeTerminal", args,
                              NULL);
  /* A container that has just ended has no size, so the answer does not matter. */
  if (quilt_bus_connect (self->ctl, NULL))
    quilt_dbus_call (self->ctl->connection, &call, NULL, NULL, NULL);
}

static const QuiltTerminalEvents terminal_events = {
    .done = on_stdout_end,
    .detached = on_detached,
    .resized = on_resized,
};

static void
add_fd (QuiltForeground *self, GVariantBuilder *options, const char *key, int fd)
{
  g_variant_builder_add (options, "{sv}", key, g_variant_new_handle ((gint32)self->n_fds));
  self->fds[self->n_fds++] = fd;
}

static gboolean
open_streams (QuiltForeground *self, GVariantBuilder *options)
{
  const struct {
    const char *key;
    int fd;
    QuiltStreamDone done;
  } streams[] = {{"stdout", STDOUT_FILENO, on_stdout_end},
                 {"stderr", STDERR_FILENO, on_stderr_end}};
  int writer;

  for (guint i = 0; i < G_N_ELEMENTS (streams); i++) {
    if (!quilt_stream_new (streams[i].fd, streams[i].done, self, &writer))
      return FALSE;
    self->open_streams++;
    add_fd (self, options, streams[i].key, writer);
  }
  return TRUE;
}

static gboolean
open_input (QuiltForeground *self, GVariantBuilder *options)
{
  int fd = quilt_stdin_open (&self->input);

  if (fd >= 0)
    add_fd (self, options, "stdin", fd);
  return fd >= 0;
}

static void
show_terminal (QuiltForeground *self)
{
  if (self->shown >= 0)
    self->screen = quilt_terminal_new (g_steal_fd (&self->shown), &terminal_events, self);
}

/* Typed bytes go through a pipe. Only the supervisor has the terminal's master, since it copies the
 * output to the journal. */
static gboolean
open_terminal (QuiltForeground *self, GVariantBuilder *options)
{
  int ends[2];

  if (self->interactive && isatty (STDIN_FILENO)) {
    if (pipe2 (ends, O_CLOEXEC) < 0)
      return FALSE;
    add_fd (self, options, "stdin", ends[0]);
    self->typed = ends[1];
  } else if (self->interactive && !open_input (self, options))
    return FALSE;
  if (pipe2 (ends, O_CLOEXEC) < 0)
    return FALSE;
  add_fd (self, options, "stdout", ends[1]);
  self->open_streams++;
  self->shown = ends[0];
  if (self->has_setup)
    show_terminal (self);
  if (quilt_terminal_get_size (&self->columns, &self->rows)) {
    g_variant_builder_add (options, "{sv}", "columns", g_variant_new_uint64 (self->columns));
    g_variant_builder_add (options, "{sv}", "rows", g_variant_new_uint64 (self->rows));
  }
  return TRUE;
}

/* If the container does not run any more, its end will be told. If quiltd is away, asks again. */
static gboolean
on_dropped (gpointer data)
{
  QuiltForeground *self = data;
  g_autofree char *state = self->id ? get_property (self, "State") : NULL;

  if (!state)
    return G_SOURCE_CONTINUE;
  self->drop_timer = 0;
  if (!g_str_equal (state, "running") && !g_str_equal (state, "stopping"))
    return G_SOURCE_REMOVE;
  self->code =
      quilt_ctl_usage (self->ctl,
                       "Container '%s' disconnected quiltctl, which did not read the output "
                       "fast enough; to see the output: quiltctl logs %s",
                       self->name, self->name);
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

/* The supervisor has closed the leash: either it has dropped us, or it ends with the container. */
static gboolean
on_leash_closed (int fd, GIOCondition condition, gpointer data)
{
  QuiltForeground *self = data;

  self->leash_watch = 0;
  self->drop_timer = g_timeout_add (DROPPED_MSEC, on_dropped, self);
  return G_SOURCE_REMOVE;
}

static gboolean
open_leash (QuiltForeground *self, GVariantBuilder *options)
{
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC) < 0)
    return FALSE;
  add_fd (self, options, "leash", ends[0]);
  self->leash = ends[1];
  self->leash_watch = g_unix_fd_add (self->leash, G_IO_ERR, on_leash_closed, self);
  return TRUE;
}

void
quilt_foreground_untie (QuiltForeground *self)
{
  g_clear_handle_id (&self->leash_watch, g_source_remove);
  g_clear_handle_id (&self->drop_timer, g_source_remove);
}

gboolean
quilt_foreground_set (QuiltForeground *self,
                      const char *detach_keys,
                      const char *sig_proxy,
                      GError **error)
{
  static const char *const yes[] = {"true", "yes", "1", NULL}, *const no[] = {"false", "no", "0",
                                                                              NULL};

  if (detach_keys && !quilt_detach_keys_parse (detach_keys, &self->keys, error))
    return FALSE;
  self->no_proxy = sig_proxy && g_strv_contains (no, sig_proxy);
  if (!sig_proxy || self->no_proxy || g_strv_contains (yes, sig_proxy))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read --sig-proxy '%s': must be true or false", sig_proxy);
  return FALSE;
}

gboolean
quilt_foreground_open (QuiltForeground *self, GVariantBuilder *options, GError **error)
{
  gboolean ok;

  if (self->terminal && self->interactive && !self->has_leash && !isatty (STDIN_FILENO)) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                         "option --tty: stdin is not a terminal; leave --tty out");
    return FALSE;
  }
  quilt_signals_watch (&self->signals, on_signal, self);
  if (self->terminal)
    ok = open_terminal (self, options);
  else
    ok = (!self->interactive || open_input (self, options)) && open_streams (self, options);
  ok = ok && (!self->has_leash || open_leash (self, options));
  return ok || quilt_set_error_errno (error, errno, "Failed to make a pipe");
}

void
quilt_foreground_call (QuiltForeground *self,
                       const char *method,
                       GVariant *args,
                       const char *reply_type,
                       QuiltDbusReplyFunc answered)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (args);
  QuiltDbusCall call =
      quilt_bus_make_call (self->ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, method, owned, reply_type);

  call.fds = self->fds;
  call.n_fds = self->n_fds;
  quilt_dbus_call (self->ctl->connection, &call, answered, self, NULL);
  /* Only the container may hold these ends. Otherwise there would be no end of file. */
  for (guint i = 0; i < self->n_fds; i++)
    quilt_fd_clear (&self->fds[i]);
  self->n_fds = 0;
}

/* The command's output is shown only now, when its user can type to it. */
static void
begin_typing (QuiltForeground *self)
{
  guint16 columns, rows;

  show_terminal (self);
  if (self->typed >= 0) {
    self->is_typing = TRUE;
    quilt_terminal_type (self->screen, g_steal_fd (&self->typed), &self->keys);
  }
  if (self->screen && quilt_terminal_get_size (&columns, &rows))
    on_resized (columns, rows, self); /* it may have changed meanwhile */
}

void
quilt_foreground_began (QuiltForeground *self, const char *id)
{
  self->id = g_strdup (id);
  begin_typing (self);
  if (self->pending_signal)
    on_signal (self->pending_signal, self);
  self->waiter = quilt_waiter_new (self->ctl, self->id, NULL, on_ended, self);
  follow_reader (self);
  check_end (self);
}

void
quilt_foreground_failed (QuiltForeground *self, const GError *error)
{
  if (self->pending_signal == SIGINT)
    begin_line ();
  show_terminal (self);
  self->code = quilt_ctl_fail (self->ctl, error);
  if (self->pending_signal)
    self->code = QUILT_EXIT_SIGNAL + self->pending_signal;
  g_timeout_add (FAILED_STREAMS_MSEC, on_streams_overdue, self);
  check_end (self);
}

int
quilt_foreground_run (QuiltForeground *self)
{
  g_autofree char *name = NULL;

  g_main_loop_run (self->loop);
  g_clear_pointer (&self->screen, quilt_terminal_free);
  if (self->has_left) {
    name = get_name (self);
    quilt_ctl_warn ("Container %s goes on; to return to it: quiltctl attach %s", name, name);
    return self->code;
  }
  if (self->unread && self->id)
    return QUILT_EXIT_SIGNAL + SIGPIPE;
  return self->unwritten ? QUILT_EXIT_RUN_FAILURE : self->code;
}
