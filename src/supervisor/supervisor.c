/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the supervisor holds, and the loop that waits for whatever comes first. */
#include "supervisor/supervisor.h"

#include "base/error.h"
#include "base/fd.h"
#include "spec/words.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const char *
annotation (const QuiltSpec *spec, const char *key)
{
  const char *value = g_hash_table_lookup (spec->annotations, key);

  return value ? value : "";
}

static gboolean
read_settings (QuiltSupervisor *self, GError **error)
{
  const char *signal = annotation (self->spec, QUILT_ANNOTATION_STOP_SIGNAL);
  guint64 burst, interval, timeout;

  if (!quilt_spec_annotation_uint64 (self->spec, QUILT_ANNOTATION_STOP_TIMEOUT, 10 * G_USEC_PER_SEC,
                                     &timeout, error) ||
      !quilt_spec_annotation_uint64 (self->spec, QUILT_ANNOTATION_LOG_RATE_BURST, 0, &burst,
                                     error) ||
      !quilt_spec_annotation_uint64 (self->spec, QUILT_ANNOTATION_LOG_RATE_INTERVAL, G_USEC_PER_SEC,
                                     &interval, error))
    return FALSE;
  self->stop_signal = SIGTERM;
  if (*signal && !quilt_parse_signal (signal, &self->stop_signal, error))
    return FALSE;
  self->stop_timeout_usec = timeout;
  self->log.rate.burst = burst;
  self->log.rate.interval_usec = (gint64)CLAMP (interval, 1, (guint64)G_MAXINT64 / 4);
  return TRUE;
}

/* One thread, no handlers: what is blocked and not read has no effect, and that is what is wanted
 * of SIGHUP, SIGINT and SIGPIPE. */
static gboolean
take_signals (QuiltSupervisor *self, GError **error)
{
  sigset_t set;

  sigfillset (&set);
  if (sigprocmask (SIG_SETMASK, &set, NULL) < 0)
    return quilt_set_error_errno (error, errno, "Failed to block signals");
  sigemptyset (&set);
  sigaddset (&set, SIGTERM);
  sigaddset (&set, QUILT_SCOPE_KILL_SIGNAL);
  self->signal_fd = signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (self->signal_fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a signalfd");
  return TRUE;
}

/* Whatever the container does with its memory, who reports its end should be the last to go. Needs
 * a capability that not every host grants. */
static void
survive_oom (void)
{
  static const char score[] = "-999";
  g_autofd int fd = open ("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

  if (fd >= 0)
    quilt_fd_write_all (fd, score, strlen (score));
}

/* The reading end must not make us wait; the writing end is like any pipe. */
static gboolean
make_pipe (int *ret_read_fd, int *ret_write_fd, GError **error)
{
  int fds[2];

  if (pipe2 (fds, O_CLOEXEC) < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a pipe for the output");
  *ret_read_fd = fds[0];
  *ret_write_fd = fds[1];
  return fcntl (fds[0], F_SETFL, O_NONBLOCK) == 0 ||
         quilt_set_error_errno (error, errno, "Failed to make a pipe non-blocking");
}

/* Pipes to the two outputs, and the container that writes to them. */
static gboolean
start_payload (QuiltSupervisor *self, int *ret_output_fds, GError **error)
{
  QuiltPayloadSetup setup = QUILT_PAYLOAD_SETUP_NONE;
  gboolean ok = make_pipe (&ret_output_fds[QUILT_STREAM_STDOUT], &setup.stdio[1], error) &&
                make_pipe (&ret_output_fds[QUILT_STREAM_STDERR], &setup.stdio[2], error) &&
                quilt_payload_start (self->spec, &setup, &self->payload, error);

  quilt_fd_clear (&setup.stdio[1]);
  quilt_fd_clear (&setup.stdio[2]);
  return ok;
}

gboolean
quilt_supervisor_init (QuiltSupervisor *self,
                       const QuiltSpec *spec,
                       const QuiltSupervisorFds *fds,
                       GError **error)
{
  int output_fds[QUILT_N_STREAMS] = {-1, -1};

  memset (self, 0, sizeof *self);
  self->spec = spec;
  self->run_dir_fd = fds->run_dir_fd;
  self->store_fd = fds->store_fd;
  self->scope_fd = self->root_fd = self->signal_fd = self->left_fd = -1;
  self->payload = (QuiltPayload)QUILT_PAYLOAD_NONE;
  self->control = (QuiltControl){-1, fds->control_fd, fds->version};
  self->oom = (QuiltOom)QUILT_OOM_NONE;
  self->kernel_log = fds->kernel_log;
  /* The clone comes first: the init builds while we do the rest. */
  if (!take_signals (self, error) || !start_payload (self, output_fds, error))
    return FALSE; /* and end: what is open goes with us */
  survive_oom ();
  quilt_log_init (&self->log, QUILT_JOURNAL_PATH, annotation (spec, QUILT_ANNOTATION_ID),
                  annotation (spec, QUILT_ANNOTATION_NAME),
                  annotation (spec, QUILT_ANNOTATION_IMAGE));
  if (fds->budget >= 0) {
    self->log.budget =
        (QuiltBudget){quilt_budget_map (fds->budget), fds->used, fds->used_sec, fds->caller};
    close (fds->budget);
  }
  quilt_output_init (&self->outputs[QUILT_STREAM_STDOUT], &self->log, QUILT_STREAM_STDOUT,
                     output_fds[QUILT_STREAM_STDOUT], fds->attached[QUILT_STREAM_STDOUT]);
  quilt_output_init (&self->outputs[QUILT_STREAM_STDERR], &self->log, QUILT_STREAM_STDERR,
                     output_fds[QUILT_STREAM_STDERR], fds->attached[QUILT_STREAM_STDERR]);
  return read_settings (self, error) &&
         quilt_control_init (&self->control, fds->run_dir_fd, fds->control_fd, fds->version, error);
}

void
quilt_supervisor_clear (QuiltSupervisor *self)
{
  quilt_payload_clear (&self->payload);
  for (guint i = 0; i < QUILT_N_STREAMS; i++)
    quilt_output_clear (&self->outputs[i]);
  quilt_log_clear (&self->log);
  quilt_oom_clear (&self->oom);
  quilt_fd_clear (&self->kernel_log);
  quilt_control_clear (&self->control);
  quilt_fd_clear (&self->signal_fd);
  quilt_fd_clear (&self->left_fd);
  quilt_fd_clear (&self->scope_fd);
  quilt_fd_clear (&self->root_fd);
  quilt_fd_clear (&self->run_dir_fd);
  quilt_fd_clear (&self->store_fd);
}

/* What is waited for, in the order in which it is looked at: an init's last report is read before
 * its end is noticed. */
enum {
  POLL_SIGNAL,
  POLL_CONTROL,
  POLL_CHANNEL,
  POLL_PIDFD,
  POLL_LEFT,
  POLL_OOM,
  POLL_JOURNAL,
  POLL_ATTACHED,
  POLL_OUTPUT = POLL_ATTACHED + QUILT_N_STREAMS,
  N_POLLS = POLL_OUTPUT + QUILT_N_STREAMS,
};

static void
wait_for_events (const QuiltSupervisor *self, struct pollfd *fds)
{
  gint64 now = g_get_monotonic_time ();
  gint64 deadline = quilt_supervisor_get_deadline (self, now);
  gint64 rest = MAX (deadline - now, 0);
  struct timespec timeout = {rest / G_USEC_PER_SEC, rest % G_USEC_PER_SEC * 1000};

  fds[POLL_SIGNAL] = (struct pollfd){self->signal_fd, POLLIN, 0};
  fds[POLL_CONTROL] = quilt_control_poll (&self->control);
  fds[POLL_CHANNEL] = (struct pollfd){self->payload.channel, POLLIN, 0};
  fds[POLL_PIDFD] = (struct pollfd){self->reap_usec ? -1 : self->payload.pid_fd, POLLIN, 0};
  fds[POLL_LEFT] = (struct pollfd){self->left_fd, POLLPRI, 0};
  fds[POLL_OOM] = quilt_oom_poll (&self->oom);
  fds[POLL_JOURNAL] = quilt_journal_socket_poll (&self->log.journal);
  for (guint i = 0; i < QUILT_N_STREAMS; i++) {
    fds[POLL_ATTACHED + i] = quilt_attachment_poll (&self->outputs[i].attachment);
    fds[POLL_OUTPUT + i] = quilt_output_poll (&self->outputs[i]);
  }
  if (ppoll (fds, N_POLLS, deadline > 0 ? &timeout : NULL, NULL) <= 0)
    for (guint i = 0; i < N_POLLS; i++)
      fds[i].revents = 0;
}

static void
handle_control (QuiltSupervisor *self)
{
  QuiltMessage message;
  int r;

  if (self->control.fd < 0) {
    if (quilt_control_accept (&self->control))
      quilt_supervisor_tell (self);
    return;
  }
  while ((r = quilt_control_receive (&self->control, &message)) > 0)
    quilt_supervisor_handle_message (self, &message);
  if (r < 0)
    quilt_supervisor_handle_lost (self);
}

static void
handle_signal (QuiltSupervisor *self)
{
  struct signalfd_siginfo info;

  while (read (self->signal_fd, &info, sizeof info) == sizeof info)
    quilt_supervisor_handle_terminate (self);
}

void
quilt_supervisor_run (QuiltSupervisor *self)
{
  struct pollfd fds[N_POLLS];

  while (quilt_supervisor_advance (self, g_get_monotonic_time ())) {
    wait_for_events (self, fds);
    quilt_journal_socket_handle (&self->log.journal, fds[POLL_JOURNAL].revents,
                                 g_get_monotonic_time ());
    for (guint i = 0; i < QUILT_N_STREAMS; i++)
      quilt_attachment_handle (&self->outputs[i].attachment, fds[POLL_ATTACHED + i].revents);
    if (fds[POLL_OOM].revents)
      quilt_oom_handle (&self->oom);
    if (fds[POLL_SIGNAL].revents)
      handle_signal (self);
    if (fds[POLL_CONTROL].revents)
      handle_control (self);
    if (fds[POLL_CHANNEL].revents)
      quilt_supervisor_handle_reports (self);
    if (fds[POLL_PIDFD].revents)
      quilt_supervisor_handle_end (self);
    if (fds[POLL_LEFT].revents)
      quilt_supervisor_handle_left (self);
  }
}
