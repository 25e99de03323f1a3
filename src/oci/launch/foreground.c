/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process of a container as the caller's own foreground. */
#include "oci/launch/foreground.h"

#include "base/error.h"
#include "base/fd.h"
#include "oci/launch/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define MOMENT_MS 100

/* What is on its way in one direction. */
typedef struct {
  int from, to; /* from -1: no more comes */
  char data[4096];
  gsize start, end;
} Relay;

typedef struct {
  QuiltPayload *payload;
  QuiltOciLasting lasting; /* NULL: nothing to be called (any more) */
  gpointer data;
  int signal_fd;
  int notify_fd;
  pid_t main_pid; /* of the service, the process that its manager started: us; 0: it is ready */
  int master_fd;
  Relay in, out;
  gboolean is_raw;
  struct termios saved;
} Foreground;

static void
copy_size (int master_fd)
{
  struct winsize size;

  if (master_fd >= 0 && ioctl (STDIN_FILENO, TIOCGWINSZ, &size) == 0)
    ioctl (master_fd, TIOCSWINSZ, &size);
}

static gboolean
take_terminal (Foreground *self, int console, GError **error)
{
  struct termios raw;
  guint n_fds;
  char name[256];
  gssize n;

  if (console < 0)
    return TRUE;
  n = quilt_fds_receive (console, 0, name, sizeof name, &self->master_fd, 1, &n_fds);
  if (n <= 0 || n_fds != 1)
    return quilt_set_error_errno (error, n < 0 ? errno : EPROTO, "Failed to receive the terminal");
  self->in = (Relay){.from = STDIN_FILENO, .to = self->master_fd};
  self->out = (Relay){.from = self->master_fd, .to = STDOUT_FILENO};
  copy_size (self->master_fd);
  if (tcgetattr (STDIN_FILENO, &self->saved) < 0)
    return TRUE; /* no terminal of ours: a pipe will do */
  raw = self->saved;
  cfmakeraw (&raw);
  self->is_raw = tcsetattr (STDIN_FILENO, TCSANOW, &raw) == 0;
  return TRUE;
}

static struct pollfd
poll_for (const Relay *relay)
{
  if (relay->end > relay->start)
    return (struct pollfd){relay->to, POLLOUT, 0};
  return (struct pollfd){relay->from, POLLIN, 0};
}

/* One step of it: what came goes on before more is taken. */
static void
move (Relay *relay, short revents)
{
  ssize_t n;

  if (!revents)
    return;
  if (relay->end > relay->start) {
    n = write (relay->to, relay->data + relay->start, relay->end - relay->start);
    if (n > 0)
      relay->start += (gsize)n;
    else if (errno != EINTR && errno != EAGAIN)
      relay->from = -1, relay->start = relay->end = 0;
    return;
  }
  n = read (relay->from, relay->data, sizeof relay->data);
  relay->start = 0;
  relay->end = n > 0 ? (gsize)n : 0;
  if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
    relay->from = -1;
}

/* Its last words: the kernel keeps them for as long as the master is open. */
static void
drain (Foreground *self)
{
  int flags = self->master_fd < 0 ? -1 : fcntl (self->master_fd, F_GETFL);

  if (flags < 0 || fcntl (self->master_fd, F_SETFL, flags | O_NONBLOCK) < 0)
    return;
  while (self->out.from >= 0) {
    struct pollfd fd = poll_for (&self->out);

    if (poll (&fd, 1, fd.events == POLLIN ? 0 : -1) <= 0)
      return;
    move (&self->out, fd.revents);
  }
}

static void
handle_signal (Foreground *self)
{
  struct signalfd_siginfo info;

  if (read (self->signal_fd, &info, sizeof info) != sizeof info)
    return;
  if (info.ssi_signo == SIGWINCH)
    copy_size (self->master_fd);
  if (info.ssi_signo != SIGWINCH && info.ssi_signo != SIGCHLD)
    pidfd_send_signal (self->payload->pid_fd, (int)info.ssi_signo, NULL, 0);
}

static void
tell_lasting (Foreground *self)
{
  QuiltOciLasting lasting = g_steal_pointer (&self->lasting);

  lasting (self->data);
}

static gboolean
relay_until_end (Foreground *self, GError **error)
{
  const gint64 moment = g_get_monotonic_time () + MOMENT_MS * 1000;

  for (;;) {
    gint64 left = (moment - g_get_monotonic_time ()) / 1000;
    struct pollfd fds[] = {
        {self->payload->pid_fd, POLLIN, 0},
        {self->signal_fd, POLLIN, 0},
        poll_for (&self->in),
        poll_for (&self->out),
        {self->notify_fd, POLLIN, 0},
    };

    if (self->lasting && left <= 0)
      tell_lasting (self);
    if (poll (fds, G_N_ELEMENTS (fds), self->lasting ? (int)left : -1) < 0 && errno != EINTR)
      return quilt_set_error_errno (error, errno, "Failed to wait for the container");
    if (fds[1].revents)
      handle_signal (self);
    move (&self->in, fds[2].revents);
    move (&self->out, fds[3].revents);
    if (fds[4].revents && quilt_oci_notify_relay (self->notify_fd, self->main_pid))
      self->main_pid = 0;
    if (fds[0].revents)
      return TRUE;
  }
}

int
quilt_oci_foreground (QuiltPayload *payload,
                      int console,
                      int notify_fd,
                      QuiltOciLasting lasting,
                      gpointer data,
                      GError **error)
{
  Foreground self = {
      .payload = payload,
      .lasting = lasting,
      .data = data,
      .signal_fd = -1,
      .notify_fd = notify_fd,
      .main_pid = getpid (),
      .master_fd = -1,
      .in = {.from = -1},
      .out = {.from = -1},
  };
  int status = 0, code = -1;
  sigset_t all;

  sigfillset (&all);
  self.signal_fd = signalfd (-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  if (self.signal_fd < 0)
    quilt_set_error_errno (error, errno, "Failed to make a signalfd");
  else if (take_terminal (&self, console, error) && relay_until_end (&self, error)) {
    drain (&self);
    waitpid (payload->pid, &status, 0);
    code = WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
  }
  if (self.is_raw)
    tcsetattr (STDIN_FILENO, TCSANOW, &self.saved);
  quilt_fd_clear (&self.signal_fd);
  quilt_fd_clear (&self.master_fd);
  return code;
}

void
quilt_oci_foreground_give_size (QuiltProcess *process)
{
  struct winsize size;

  if (ioctl (STDIN_FILENO, TIOCGWINSZ, &size) < 0)
    return;
  process->has_console_size = TRUE;
  process->console_height = size.ws_row;
  process->console_width = size.ws_col;
}
