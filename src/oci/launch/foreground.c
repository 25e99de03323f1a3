/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a container's process in the caller's foreground. */
#include "oci/launch/foreground.h"

#include "base/error.h"
#include "base/fd.h"
#include "oci/launch/notify.h"
#include "runtime/console.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOMENT_MS 100

typedef struct {
  QuiltPayload *payload;
  QuiltOciLasting lasting; /* NULL: nothing to call (any more) */
  gpointer data;
  int signal_fd;
  int notify_fd;
  /* the service's main process, which its manager started: quilt-oci; 0: the container was already
   * ready */
  pid_t main_pid;
  QuiltConsole console;
} Foreground;

static void
handle_signal (Foreground *self)
{
  struct signalfd_siginfo info;

  if (read (self->signal_fd, &info, sizeof info) != sizeof info)
    return;
  if (info.ssi_signo == SIGWINCH)
    quilt_console_copy_size (&self->console);
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
        {self->payload->pid_fd, POLLIN, 0},   {self->signal_fd, POLLIN, 0},
        quilt_relay_poll (&self->console.in), quilt_relay_poll (&self->console.out),
        {self->notify_fd, POLLIN, 0},
    };

    if (self->lasting && left <= 0)
      tell_lasting (self);
    if (poll (fds, G_N_ELEMENTS (fds), self->lasting ? (int)left : -1) < 0 && errno != EINTR)
      return quilt_set_error_errno (error, errno, "Failed to wait for the container");
    if (fds[1].revents)
      handle_signal (self);
    quilt_relay_move (&self->console.in, fds[2].revents);
    quilt_relay_move (&self->console.out, fds[3].revents);
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
      .console = QUILT_CONSOLE_NONE,
  };
  int status = 0, code = -1;
  sigset_t all;

  sigfillset (&all);
  self.signal_fd = signalfd (-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  if (self.signal_fd < 0)
    quilt_set_error_errno (error, errno, "Failed to make a signalfd");
  else if ((console < 0 || quilt_console_take (&self.console, console, error)) &&
           relay_until_end (&self, error)) {
    quilt_console_drain (&self.console);
    waitpid (payload->pid, &status, 0);
    code = WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
  }
  quilt_console_clear (&self.console);
  quilt_fd_clear (&self.signal_fd);
  return code;
}
