/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session: one more process of a running container (exec), and what supervises it. */
#include "supervisor/session.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/scope.h"
#include "cgroup/state.h"
#include "runtime/guest.h"
#include "runtime/provided.h"
#include "supervisor/confine.h"
#include "supervisor/control.h"
#include "supervisor/place.h"
#include "supervisor/session-terminal.h"
#include "supervisor/streams/sources.h"
#include "supervisor/turns.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* The exit code of timeout(1). */
#define TIMED_OUT_CODE 124
/* A session whose client has left gets SIGHUP, and after this time SIGKILL. */
#define HANG_UP_USEC (2 * G_USEC_PER_SEC)
#define SIGNAL_MAX 64
/* Attempts after which a killed process counts as ended: the tracer may be the container's. */
#define REAPS_MAX 10

typedef struct {
  const char *id;
  guint32 number; /* in messages */
  int first_fd;   /* pidfd of the container's first process */
  int scope_fd;
  int leash;
  int signal_fd;
  QuiltSessionTerminal terminal;
  QuiltPayloadSetup setup;
  QuiltGuest guest;
  QuiltControl control;
  QuiltMessage result; /* EXITED or FAILED; type 0: neither yet */
  gboolean executed;
  guint64 early_signals; /* that came before; a bit for each */
  guint64 started_usec;
  guint64 timeout_usec; /* 0: no limit */
  gint64 end_usec;      /* when the time limit is reached (monotonic); 0: never */
  gint64 kill_usec;     /* end of the grace period (monotonic); 0: none */
  gboolean is_killed;
  guint n_reaps;
  gint64 reap_usec;      /* when to try to reap again; 0: no need */
  int left_fd;           /* cgroup.events, while processes of an ended session remain; -1: none */
  const char *verdict;   /* why this supervisor has ended the session; NULL: it has not */
  gboolean is_released;  /* quiltd has recorded the exit */
  gboolean is_forgotten; /* the container ends, and no quiltd asks for the exit */
} Session;

static void
send_running (Session *self)
{
  QuiltMessage message;

  quilt_message_init (&message, QUILT_MESSAGE_RUNNING);
  message.session = self->number;
  message.pid = self->guest.payload.pid;
  message.time_usec = self->started_usec;
  if (self->control.fd < 0)
    return;
  message.version = self->control.version;
  if (!quilt_message_send_fds (self->control.fd, &message, &self->terminal.master,
                               self->terminal.master < 0 ? 0 : 1))
    quilt_fd_clear (&self->control.fd);
  quilt_fd_clear (&self->terminal.master);
}

static gboolean
is_over (const Session *self)
{
  return self->result.type != 0 && self->left_fd < 0;
}

static void
tell (Session *self)
{
  if (is_over (self))
    quilt_control_send (&self->control, &self->result);
  else if (self->executed)
    send_running (self);
}

static void
fail (Session *self, const GError *why)
{
  if (self->result.type != 0)
    return;
  quilt_message_init (&self->result, QUILT_MESSAGE_FAILED);
  self->result.session = self->number;
  self->result.code = why->domain == QUILT_ERROR ? why->code : QUILT_ERROR_FAILED;
  self->result.time_usec = (guint64)g_get_real_time ();
  quilt_message_set_text (&self->result, why->message);
  quilt_guest_clear (&self->guest);
  tell (self);
}

/* Ends all processes of the session, also those that its command has left. */
static void
kill_all (Session *self)
{
  self->kill_usec = 0;
  self->is_killed = TRUE;
  if (self->guest.payload.pid_fd >= 0)
    pidfd_send_signal (self->guest.payload.pid_fd, SIGKILL, NULL, 0);
  quilt_fd_clear (&self->left_fd);
  self->left_fd = quilt_place_kill_session (self->scope_fd, self->id);
}

/* The first verdict counts. */
static void
end (Session *self, const char *verdict)
{
  if (!self->verdict)
    self->verdict = verdict;
  self->end_usec = 0;
  kill_all (self);
}

/* The command may already run and be known to run before its init's report is handled here. So a
 * signal that comes too early waits for the report. */
static void
send_signal (Session *self, int signal)
{
  if (signal < 1 || signal > SIGNAL_MAX)
    return;
  if (!self->executed)
    self->early_signals |= G_GUINT64_CONSTANT (1) << (signal - 1);
  else if (self->guest.payload.pid_fd >= 0)
    pidfd_send_signal (self->guest.payload.pid_fd, signal, NULL, 0);
}

static void
send_early_signals (Session *self)
{
  for (int signal = 1; signal <= SIGNAL_MAX; signal++)
    if (self->early_signals & G_GUINT64_CONSTANT (1) << (signal - 1))
      send_signal (self, signal);
}

static void
hang_up (Session *self)
{
  quilt_fd_clear (&self->leash);
  quilt_session_terminal_hang_up (&self->terminal);
  if (!self->verdict)
    self->verdict = "client-left";
  if (self->guest.payload.pid_fd < 0 || !self->executed) {
    kill_all (self);
    return;
  }
  pidfd_send_signal (self->guest.payload.pid_fd, SIGHUP, NULL, 0);
  self->kill_usec = g_get_monotonic_time () + HANG_UP_USEC;
}

static void
on_executed (Session *self)
{
  g_autoptr (GError) error = NULL;

  self->executed = TRUE;
  self->started_usec = (guint64)g_get_real_time ();
  if (self->timeout_usec > 0 && self->timeout_usec < G_MAXINT64 / 2)
    self->end_usec = g_get_monotonic_time () + (gint64)self->timeout_usec;
  quilt_session_terminal_take (&self->terminal, self->leash >= 0 || self->terminal.is_left);
  for (guint i = 0; i < G_N_ELEMENTS (self->setup.stdio); i++)
    quilt_fd_clear (&self->setup.stdio[i]); /* readers and writers see only the command's */
  tell (self);
  send_early_signals (self);
#ifndef __SANITIZE_ADDRESS__ /* AddressSanitizer needs privileges to look for leaks */
  if (!quilt_supervisor_confine (&error)) {
    fail (self, error);
    kill_all (self);
  }
#endif
}

static struct pollfd
poll_guest (gconstpointer data)
{
  const Session *self = data;

  return self->executed ? (struct pollfd){-1, 0, 0} : quilt_guest_poll (&self->guest);
}

static void
handle_guest (gpointer data, short revents)
{
  Session *self = data;
  g_autoptr (GError) error = NULL;
  int r = self->executed ? 0 : quilt_guest_advance (&self->guest, &error);

  if (r > 0)
    on_executed (self);
  else if (r < 0)
    fail (self, error);
}

static void
set_exit (Session *self, const siginfo_t *info)
{
  QuiltMessage *result = &self->result;
  const char *reason = info->si_code == CLD_EXITED ? "exited" : "signaled";

  quilt_message_init (result, QUILT_MESSAGE_EXITED);
  result->session = self->number;
  result->pid = self->guest.payload.pid;
  result->time_usec = (guint64)g_get_real_time ();
  result->signal = info->si_code == CLD_EXITED ? 0 : info->si_status;
  result->exit_code = result->signal ? 128 + result->signal : info->si_status;
  if (g_strcmp0 (self->verdict, "timed-out") == 0)
    result->exit_code = TIMED_OUT_CODE;
  quilt_message_set_text (result, self->verdict ? self->verdict : reason);
}

/* Processes that were killed may take a moment to go. */
static void
end_if_empty (Session *self)
{
  if (self->left_fd >= 0 && quilt_cgroup_events_populated (self->left_fd) > 0)
    return;
  quilt_fd_clear (&self->left_fd);
  tell (self);
  quilt_place_remove_session (self->scope_fd, self->id);
}

static struct pollfd
poll_end (gconstpointer data)
{
  const Session *self = data;

  return (struct pollfd){self->executed && !self->reap_usec ? self->guest.payload.pid_fd : -1,
                         POLLIN, 0};
}

static void
handle_end (gpointer data, short revents)
{
  Session *self = data;
  siginfo_t info = {0};
  const int reaped = quilt_turns_reap (self->guest.payload.pid_fd, &info);

  if (reaped < 0)
    return;
  if (reaped == 0) {
    if (!self->is_killed || self->n_reaps++ < REAPS_MAX) {
      self->reap_usec = g_get_monotonic_time () + QUILT_REAP_USEC;
      return;
    }
    info.si_code = CLD_KILLED; /* it will never run again */
    info.si_status = SIGKILL;
  }
  quilt_fd_clear (&self->guest.payload.pid_fd);
  quilt_session_terminal_hang_up (&self->terminal);
  self->end_usec = 0;
  set_exit (self, &info);
  /* Processes that the command has left stay, unless the session was ended. */
  if (self->verdict)
    kill_all (self);
  end_if_empty (self);
}

static struct pollfd
poll_left (gconstpointer data)
{
  const Session *self = data;

  return (struct pollfd){self->result.type != 0 ? self->left_fd : -1, POLLPRI, 0};
}

static void
handle_left (gpointer self, short revents)
{
  end_if_empty (self);
}

static void
obey (Session *self, const QuiltMessage *message)
{
  if (message->session != self->number) {
    quilt_control_refuse (&self->control, message);
    return;
  }
  switch (message->type) {
  case QUILT_MESSAGE_KILL:
    if (message->signal == SIGKILL)
      kill_all (self);
    else
      send_signal (self, message->signal);
    break;
  case QUILT_MESSAGE_BYE:
    self->is_released = is_over (self);
    break;
  default:
    quilt_control_refuse (&self->control, message);
  }
}

static struct pollfd
poll_control (gconstpointer data)
{
  const Session *self = data;

  return quilt_control_poll (&self->control);
}

static void
handle_control (gpointer data, short revents)
{
  Session *self = data;
  QuiltMessage message;
  int r;

  if (self->control.fd < 0) {
    if (quilt_control_accept (&self->control))
      tell (self);
    return;
  }
  while ((r = quilt_control_receive (&self->control, &message)) > 0)
    obey (self, &message);
  /* Nobody has been told that the session runs, or can receive its terminal. */
  if (r < 0 && !self->executed)
    end (self, "client-left");
}

static struct pollfd
poll_leash (gconstpointer data)
{
  const Session *self = data;

  return (struct pollfd){self->leash, POLLIN, 0};
}

/* If the pipe has data, the client detaches: the session goes on without it. Nobody writes for a
 * client that was killed. The data are not read, since the caller may share the pipe's reading end
 * and make us wait. */
static void
handle_leash (gpointer data, short revents)
{
  Session *self = data;

  if (self->result.type != 0) { /* what the command has left belongs to the container */
    quilt_fd_clear (&self->leash);
    return;
  }
  if (!(revents & POLLIN)) {
    hang_up (self);
    return;
  }
  quilt_fd_clear (&self->leash);
  quilt_session_terminal_leave (&self->terminal);
}

static struct pollfd
poll_terminal (gconstpointer data)
{
  const Session *self = data;

  return quilt_session_terminal_poll (&self->terminal);
}

static void
handle_terminal (gpointer data, short revents)
{
  Session *self = data;

  quilt_session_terminal_discard (&self->terminal);
}

static struct pollfd
poll_first (gconstpointer data)
{
  const Session *self = data;

  return (struct pollfd){self->first_fd, POLLIN, 0};
}

/* The container has ended, so the session ends too: the kernel has killed it, unless the container
 * has the host's pid namespace. Only a connected quiltd still asks for the exit. */
static void
handle_first (gpointer data, short revents)
{
  Session *self = data;

  quilt_fd_clear (&self->first_fd);
  self->is_forgotten = TRUE;
  if (!is_over (self))
    kill_all (self);
}

static struct pollfd
poll_signal (gconstpointer data)
{
  const Session *self = data;

  return (struct pollfd){self->signal_fd, POLLIN, 0};
}

/* systemd stops the scope. The container's supervisor stops the container, which ends us. */
static void
handle_signal (gpointer data, short revents)
{
  const Session *self = data;

  quilt_turns_read_signals (self->signal_fd);
}

/* In the order in which they are handled. */
static QuiltSources *
new_sources (Session *self)
{
  QuiltSources *sources = quilt_sources_new ();

  quilt_sources_add (sources, poll_signal, handle_signal, self);
  quilt_sources_add (sources, poll_control, handle_control, self);
  quilt_sources_add (sources, poll_guest, handle_guest, self);
  quilt_sources_add (sources, poll_end, handle_end, self);
  quilt_sources_add (sources, poll_left, handle_left, self);
  quilt_sources_add (sources, poll_leash, handle_leash, self);
  quilt_sources_add (sources, poll_terminal, handle_terminal, self);
  quilt_sources_add (sources, poll_first, handle_first, self);
  return sources;
}

static gboolean
may_leave (const Session *self)
{
  return is_over (self) && (self->is_released || (self->is_forgotten && self->control.fd < 0));
}

static gint64
get_deadline (const Session *self)
{
  return quilt_turns_earlier (quilt_turns_earlier (self->end_usec, self->kill_usec),
                              self->reap_usec);
}

static void
do_what_is_due (Session *self)
{
  gint64 now = g_get_monotonic_time ();

  if (self->end_usec > 0 && now >= self->end_usec)
    end (self, "timed-out");
  if (self->kill_usec > 0 && now >= self->kill_usec)
    kill_all (self);
  if (self->reap_usec > 0 && now >= self->reap_usec) {
    self->reap_usec = 0;
    handle_end (self, 0);
  }
}

static void
run (Session *self)
{
  g_autoptr (QuiltSources) sources = new_sources (self);

  while (!may_leave (self)) {
    quilt_turns_wait (sources, get_deadline (self));
    quilt_sources_handle (sources);
    do_what_is_due (self);
  }
}

static gboolean
begin (Session *self, const QuiltSessionTarget *target, const QuiltSession *session, GError **error)
{
  QuiltSpec *spec = target->spec;
  const char *id = g_hash_table_lookup (spec->annotations, QUILT_ANNOTATION_ID);

  self->scope_fd = quilt_scope_join (target->scope, id ? id : "", target->first, error);
  if (self->scope_fd < 0)
    return FALSE;
  quilt_session_apply (session, spec);
  self->setup.cgroup = quilt_place_make_session (self->scope_fd, self->id, error);
  return self->setup.cgroup >= 0 &&
         quilt_provided_open (session->provide, &self->setup.provided, error) &&
         (!session->terminal ||
          quilt_session_terminal_open (&self->terminal, &self->setup.console, error)) &&
         quilt_guest_plan (spec, target->first, &self->setup.root, error) &&
         quilt_guest_begin (&self->guest, spec, self->first_fd, &self->setup, NULL, error);
}

static void
session_clear (Session *self)
{
  if (self->setup.cgroup >= 0)
    quilt_place_remove_session (self->scope_fd, self->id);
  quilt_guest_clear (&self->guest);
  quilt_control_clear (&self->control);
  for (guint i = 0; i < G_N_ELEMENTS (self->setup.stdio); i++)
    quilt_fd_clear (&self->setup.stdio[i]);
  quilt_fd_clear (&self->setup.cgroup);
  quilt_provided_clear (&self->setup.provided);
  quilt_fd_clear (&self->setup.console);
  quilt_fd_clear (&self->setup.root);
  quilt_session_terminal_clear (&self->terminal);
  quilt_fd_clear (&self->leash);
  quilt_fd_clear (&self->left_fd);
  quilt_fd_clear (&self->signal_fd);
  quilt_fd_clear (&self->first_fd);
  quilt_fd_clear (&self->scope_fd);
}

void
quilt_session_run (const QuiltSessionTarget *target,
                   const QuiltSession *session,
                   const QuiltSessionFds *fds)
{
  g_autoptr (GError) error = NULL;
  Session self = {
      .id = session->id,
      .number = target->number,
      .first_fd = -1,
      .scope_fd = -1,
      .leash = fds->leash,
      .signal_fd = -1,
      .left_fd = -1,
      .terminal = QUILT_SESSION_TERMINAL_NONE,
      .setup = QUILT_PAYLOAD_SETUP_NONE,
      .guest = QUILT_GUEST_NONE,
      .control = {-1, fds->control_fd, fds->version},
      .timeout_usec = session->timeout_usec,
  };

  for (guint i = 0; i < G_N_ELEMENTS (fds->stdio); i++)
    self.setup.stdio[i] = fds->stdio[i];
  self.setup.shares_stdin = TRUE;
  /* Without it, nothing would tell that the container has ended. */
  self.first_fd = pidfd_open (target->first, 0);
  self.is_forgotten = self.first_fd < 0;
  self.signal_fd = quilt_turns_take_signals (0, &error);
  if (self.signal_fd < 0 ||
      !quilt_control_init (&self.control, fds->directory, fds->control_fd, fds->version, &error) ||
      !begin (&self, target, session, &error))
    fail (&self, error);
  quilt_provided_clear (&self.setup.provided);
  quilt_fd_clear (&self.setup.console);
  run (&self);
  session_clear (&self);
}
