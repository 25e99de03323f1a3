/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The supervisor's state, and its event loop. */
#include "supervisor/supervisor.h"

#include "base/error.h"
#include "base/fd.h"
#include "runtime/provided.h"
#include "spec/signals.h"
#include "supervisor/place.h"
#include "supervisor/streams/sources.h"
#include "supervisor/turns.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Descriptors of a message: those of a client. */
#define FDS_MAX 4

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

/* The supervisor reports the container's end, so it must not be killed before the container when
 * memory runs out. Needs a capability that not every host grants. */
static void
survive_oom (void)
{
  static const char score[] = "-999";
  g_autofd int fd = open ("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

  if (fd >= 0)
    quilt_fd_write_all (fd, score, strlen (score));
}

/* The reading end is non-blocking. The writing end blocks, as programs expect. */
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

/* In a prepared scope, the init is born in its own cgroup, so that it need not be moved. Joining
 * namespaces makes another process its parent, which may not be allowed to do that. */
static gboolean
find_place (QuiltSupervisor *self, int *ret_cgroup, GError **error)
{
  if (!self->prepared || self->spec->joins->len > 0)
    return TRUE;
  *ret_cgroup = quilt_place_mark (annotation (self->spec, QUILT_ANNOTATION_ID), error);
  self->placed = *ret_cgroup >= 0;
  return self->placed;
}

/* Makes the socket over which the init sends the terminal's master. */
static gboolean
make_console (QuiltSupervisor *self, QuiltPayloadSetup *setup, GError **error)
{
  int ends[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a socket pair");
  self->console = ends[0];
  setup->console = ends[1];
  setup->console_pair = TRUE;
  return TRUE;
}

/* The command reads the stdin of the client that starts it, or a pipe that attached clients fill.
 * Otherwise /dev/null. */
static gboolean
make_input (QuiltSupervisor *self, QuiltPayloadSetup *setup, int *input, GError **error)
{
  int ends[2];

  if (*input >= 0) {
    setup->stdio[0] = g_steal_fd (input);
    setup->shares_stdin = TRUE;
    return TRUE;
  }
  if (!self->clients.takes_input)
    return TRUE;
  if (pipe2 (ends, O_CLOEXEC) < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a pipe for the input");
  setup->stdio[0] = ends[0];
  quilt_clients_set_input (&self->clients, ends[1], FALSE);
  return fcntl (ends[1], F_SETFL, O_NONBLOCK) == 0 ||
         quilt_set_error_errno (error, errno, "Failed to make a pipe non-blocking");
}

static gboolean
make_stdio (QuiltSupervisor *self,
            QuiltPayloadSetup *setup,
            int *input,
            int *ret_output_fds,
            GError **error)
{
  if (self->spec->process.terminal)
    return make_console (self, setup, error);
  return make_input (self, setup, input, error) &&
         make_pipe (&ret_output_fds[QUILT_STREAM_STDOUT], &setup->stdio[1], error) &&
         make_pipe (&ret_output_fds[QUILT_STREAM_STDERR], &setup->stdio[2], error);
}

/* Clones the container's init, which writes to two pipes, or makes a terminal. */
static gboolean
start_payload (QuiltSupervisor *self, int *input, int *ret_output_fds, GError **error)
{
  QuiltPayloadSetup setup = QUILT_PAYLOAD_SETUP_NONE;
  gboolean ok = find_place (self, &setup.cgroup, error) &&
                quilt_provided_open_for (self->spec, &setup.provided, error) &&
                make_stdio (self, &setup, input, ret_output_fds, error) &&
                quilt_payload_start (self->spec, &setup, &self->payload, error);

  for (guint i = 0; i < G_N_ELEMENTS (setup.stdio); i++)
    quilt_fd_clear (&setup.stdio[i]);
  quilt_provided_clear (&setup.provided);
  quilt_fd_clear (&setup.console);
  quilt_fd_clear (&setup.cgroup);
  return ok;
}

/* Input comes through us if the container has a terminal, or a stdin that no client has given. */
static gboolean
takes_input (const QuiltSupervisor *self, int input)
{
  return self->spec->process.terminal ||
         (input < 0 && *annotation (self->spec, QUILT_ANNOTATION_INTERACTIVE));
}

static void
init_outputs (QuiltSupervisor *self, const QuiltSupervisorFds *fds, const int *output_fds)
{
  for (guint i = 0; i < QUILT_N_STREAMS; i++)
    quilt_output_init (&self->outputs[i], &self->log, (QuiltStream)i, output_fds[i],
                       fds->attached[i]);
}

gboolean
quilt_supervisor_init (QuiltSupervisor *self,
                       const QuiltSpec *spec,
                       const QuiltSupervisorFds *fds,
                       GError **error)
{
  int output_fds[QUILT_N_STREAMS] = {-1, -1};
  int input = fds->input;

  memset (self, 0, sizeof *self);
  self->spec = spec;
  self->run_dir_fd = fds->run_dir_fd;
  self->store_fd = fds->store_fd;
  self->prepared = fds->prepared;
  self->detains = fds->detains;
  self->scope_fd = self->mounts_fd = self->signal_fd = self->left_fd = -1;
  self->console = self->slave = -1;
  self->payload = (QuiltPayload)QUILT_PAYLOAD_NONE;
  self->control = (QuiltControl){-1, fds->control_fd, fds->version};
  self->oom = (QuiltOom)QUILT_OOM_NONE;
  self->kernel_log = fds->kernel_log;
  quilt_clients_init (&self->clients, self->outputs, takes_input (self, input));
  /* Clone first: the init builds the root while we do the rest. */
  self->signal_fd = quilt_turns_take_signals (QUILT_SCOPE_KILL_SIGNAL, error);
  if (self->signal_fd < 0 || !start_payload (self, &input, output_fds, error))
    return FALSE; /* the caller exits, which closes everything */
  survive_oom ();
  quilt_log_init (&self->log, QUILT_JOURNAL_PATH, annotation (spec, QUILT_ANNOTATION_ID),
                  annotation (spec, QUILT_ANNOTATION_NAME),
                  annotation (spec, QUILT_ANNOTATION_IMAGE));
  if (fds->budget >= 0) {
    self->log.budget =
        (QuiltBudget){quilt_budget_map (fds->budget), fds->used, fds->used_sec, fds->caller};
    close (fds->budget);
  }
  init_outputs (self, fds, output_fds);
  if (input >= 0)
    quilt_clients_add (&self->clients, &(QuiltClientFds){input, {-1, -1}, -1}, 0);
  return read_settings (self, error) &&
         quilt_control_init (&self->control, fds->run_dir_fd, fds->control_fd, fds->version, error);
}

void
quilt_supervisor_clear (QuiltSupervisor *self)
{
  quilt_payload_clear (&self->payload);
  quilt_clients_clear (&self->clients);
  quilt_fd_clear (&self->console);
  quilt_fd_clear (&self->slave);
  for (guint i = 0; i < QUILT_N_STREAMS; i++)
    quilt_output_clear (&self->outputs[i]);
  quilt_log_clear (&self->log);
  quilt_oom_clear (&self->oom);
  quilt_fd_clear (&self->kernel_log);
  quilt_control_clear (&self->control);
  quilt_fd_clear (&self->signal_fd);
  quilt_fd_clear (&self->left_fd);
  quilt_fd_clear (&self->scope_fd);
  quilt_fd_clear (&self->mounts_fd);
  quilt_fd_clear (&self->run_dir_fd);
  quilt_fd_clear (&self->store_fd);
}

static struct pollfd
poll_signal (gconstpointer data)
{
  const QuiltSupervisor *self = data;

  return (struct pollfd){self->signal_fd, POLLIN, 0};
}

static void
handle_signal (gpointer data, short revents)
{
  QuiltSupervisor *self = data;

  for (guint n = quilt_turns_read_signals (self->signal_fd); n > 0; n--)
    quilt_supervisor_handle_terminate (self);
}

static struct pollfd
poll_control (gconstpointer data)
{
  const QuiltSupervisor *self = data;

  return quilt_control_poll (&self->control);
}

static void
handle_control (gpointer data, short revents)
{
  QuiltSupervisor *self = data;
  QuiltMessage message;
  int fds[FDS_MAX];
  guint n_fds;
  int r;

  if (self->control.fd < 0) {
    if (quilt_control_accept (&self->control))
      quilt_supervisor_tell (self);
    return;
  }
  while ((r = quilt_control_receive_fds (&self->control, &message, fds, FDS_MAX, &n_fds)) > 0)
    if (n_fds > 0)
      quilt_supervisor_attach (self, &message, fds, n_fds);
    else
      quilt_supervisor_handle_message (self, &message);
  if (r < 0)
    quilt_supervisor_handle_lost (self);
}

static struct pollfd
poll_console (gconstpointer data)
{
  const QuiltSupervisor *self = data;

  return (struct pollfd){self->console, POLLIN, 0};
}

static void
handle_console (gpointer self, short revents)
{
  quilt_supervisor_take_terminal (self);
}

static struct pollfd
poll_channel (gconstpointer data)
{
  const QuiltSupervisor *self = data;

  return (struct pollfd){self->payload.channel, POLLIN, 0};
}

static void
handle_channel (gpointer self, short revents)
{
  quilt_supervisor_handle_reports (self);
}

static struct pollfd
poll_end (gconstpointer data)
{
  const QuiltSupervisor *self = data;

  return (struct pollfd){self->reap_usec ? -1 : self->payload.pid_fd, POLLIN, 0};
}

static void
handle_end (gpointer self, short revents)
{
  quilt_supervisor_handle_end (self);
}

static struct pollfd
poll_left (gconstpointer data)
{
  const QuiltSupervisor *self = data;

  return (struct pollfd){self->left_fd, POLLPRI, 0};
}

static void
handle_left (gpointer self, short revents)
{
  quilt_supervisor_handle_left (self);
}

static struct pollfd
poll_oom (gconstpointer oom)
{
  return quilt_oom_poll (oom);
}

static void
handle_oom (gpointer oom, short revents)
{
  quilt_oom_handle (oom);
}

static struct pollfd
poll_journal (gconstpointer journal)
{
  return quilt_journal_socket_poll (journal);
}

static void
handle_journal (gpointer journal, short revents)
{
  quilt_journal_socket_handle (journal, revents, g_get_monotonic_time ());
}

static struct pollfd
poll_attachment (gconstpointer attachment)
{
  return quilt_attachment_poll (attachment);
}

static void
handle_attachment (gpointer attachment, short revents)
{
  quilt_attachment_handle (attachment, revents);
}

static struct pollfd
poll_output (gconstpointer output)
{
  return quilt_output_poll (output);
}

/* In the order in which they are handled: the init's last report is read before its end is seen.
 * Output is read by quilt_supervisor_advance(). */
static QuiltSources *
new_sources (QuiltSupervisor *self)
{
  QuiltSources *sources = quilt_sources_new ();

  quilt_sources_add (sources, poll_journal, handle_journal, &self->log.journal);
  for (guint i = 0; i < QUILT_N_STREAMS; i++)
    quilt_sources_add (sources, poll_attachment, handle_attachment, &self->outputs[i].attachment);
  quilt_sources_add (sources, poll_oom, handle_oom, &self->oom);
  quilt_sources_add (sources, poll_signal, handle_signal, self);
  quilt_sources_add (sources, poll_control, handle_control, self);
  quilt_sources_add (sources, poll_console, handle_console, self);
  quilt_sources_add (sources, poll_channel, handle_channel, self);
  quilt_sources_add (sources, poll_end, handle_end, self);
  quilt_sources_add (sources, poll_left, handle_left, self);
  for (guint i = 0; i < QUILT_N_STREAMS; i++)
    quilt_sources_add (sources, poll_output, NULL, &self->outputs[i]);
  quilt_clients_start (&self->clients, sources);
  return sources;
}

void
quilt_supervisor_run (QuiltSupervisor *self)
{
  g_autoptr (QuiltSources) sources = new_sources (self);

  while (quilt_supervisor_advance (self, g_get_monotonic_time ())) {
    quilt_clients_sweep (&self->clients);
    quilt_turns_wait (sources, quilt_supervisor_get_deadline (self, g_get_monotonic_time ()));
    handle_journal (&self->log.journal, 0); /* it may be time to connect again */
    quilt_sources_handle (sources);
  }
  self->clients.sources = NULL;
}
