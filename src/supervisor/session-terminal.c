/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal of a session: its way to quiltd, and its life after the client has detached. */
#include "supervisor/session-terminal.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

gboolean
quilt_session_terminal_open (QuiltSessionTerminal *self, int *ret_sender, GError **error)
{
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a socket pair");
  self->console = pair[0];
  *ret_sender = pair[1];
  return TRUE;
}

void
quilt_session_terminal_take (QuiltSessionTerminal *self, gboolean keep)
{
  char name[256];
  guint n_fds;

  if (self->console >= 0 && (quilt_fds_receive (self->console, MSG_DONTWAIT, name, sizeof name,
                                                &self->master, 1, &n_fds) < 0 ||
                             n_fds != 1))
    self->master = -1;
  quilt_fd_clear (&self->console);
  if (self->master >= 0 && keep)
    self->kept = fcntl (self->master, F_DUPFD_CLOEXEC, 3);
}

void
quilt_session_terminal_leave (QuiltSessionTerminal *self)
{
  self->is_left = TRUE;
}

struct pollfd
quilt_session_terminal_poll (const QuiltSessionTerminal *self)
{
  return (struct pollfd){self->is_left ? self->kept : -1, POLLIN, 0};
}

/* The caller may have copies of the master, make it blocking, and read from it too. So flush it,
 * which never blocks, instead of reading it. If the caller has turned packet mode on, a flush does
 * not take the status that the master has to read (ioctl_tty(2)), and the master would wake us all
 * the time. */
void
quilt_session_terminal_discard (QuiltSessionTerminal *self)
{
  const int packet_mode = FALSE;
  struct pollfd readable = quilt_session_terminal_poll (self);

  if (poll (&readable, 1, 0) > 0 && (readable.revents & (POLLHUP | POLLERR)))
    self->is_left = FALSE; /* no process has the terminal open, which would wake us all the time */
  ioctl (self->kept, TIOCPKT, &packet_mode);
  tcflush (self->kept, TCIFLUSH);
}

void
quilt_session_terminal_hang_up (QuiltSessionTerminal *self)
{
  quilt_fd_clear (&self->kept);
}

void
quilt_session_terminal_clear (QuiltSessionTerminal *self)
{
  quilt_fd_clear (&self->console);
  quilt_fd_clear (&self->master);
  quilt_fd_clear (&self->kept);
}
