/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attached clients and the container's terminal. */
#include "supervisor/supervisor.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static void
refuse (QuiltSupervisor *self, const QuiltMessage *request, QuiltError code, const char *why)
{
  QuiltMessage answer;

  quilt_message_init_answer (&answer, QUILT_MESSAGE_ERROR, request);
  answer.code = (gint32)code;
  quilt_message_set_text (&answer, why);
  quilt_control_send (&self->control, &answer);
}

/* The descriptors that the flags name, in the flags' order. */
static gboolean
name_fds (const QuiltMessage *message, const int *fds, guint n_fds, QuiltClientFds *ret_fds)
{
  const struct {
    QuiltMessageFlags flag;
    int *fd;
  } wanted[] = {
      {QUILT_MESSAGE_FLAG_STDOUT, &ret_fds->out[QUILT_STREAM_STDOUT]},
      {QUILT_MESSAGE_FLAG_STDERR, &ret_fds->out[QUILT_STREAM_STDERR]},
      {QUILT_MESSAGE_FLAG_STDIN, &ret_fds->in},
      {QUILT_MESSAGE_FLAG_LEASH, &ret_fds->leash},
  };
  guint n = 0;

  *ret_fds = (QuiltClientFds){-1, {-1, -1}, -1};
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    if ((message->flags & wanted[i].flag) && n < n_fds)
      *wanted[i].fd = fds[n++];
  return n == n_fds;
}

static void
close_all (const int *fds, guint n_fds)
{
  for (guint i = 0; i < n_fds; i++)
    close (fds[i]);
}

void
quilt_supervisor_attach (QuiltSupervisor *self,
                         const QuiltMessage *message,
                         const int *fds,
                         guint n_fds)
{
  QuiltClientFds client;
  QuiltMessage answer;

  if (message->type != QUILT_MESSAGE_ATTACH || message->session != 0 ||
      !name_fds (message, fds, n_fds, &client)) {
    close_all (fds, n_fds);
    quilt_control_refuse (&self->control, message);
    return;
  }
  if (self->phase != QUILT_SUPERVISOR_RUNNING) {
    close_all (fds, n_fds);
    refuse (self, message, QUILT_ERROR_INVALID_STATE, "The container does not run");
    return;
  }
  if (!quilt_clients_add (&self->clients, &client, message->lines)) {
    close_all (fds, n_fds);
    refuse (self, message, QUILT_ERROR_QUOTA_EXCEEDED,
            "The container has 1024 attached clients, which is the limit");
    return;
  }
  quilt_message_init_answer (&answer, QUILT_MESSAGE_ATTACHED, message);
  answer.flags = self->clients.takes_input ? QUILT_MESSAGE_FLAG_STDIN : 0;
  quilt_control_send (&self->control, &answer);
}

void
quilt_supervisor_resize (QuiltSupervisor *self, const QuiltMessage *message)
{
  const struct winsize size = {.ws_col = (unsigned short)MIN (message->columns, G_MAXUINT16),
                               .ws_row = (unsigned short)MIN (message->rows, G_MAXUINT16)};

  if (self->clients.is_terminal && self->clients.input >= 0)
    ioctl (self->clients.input, TIOCSWINSZ, &size);
}

/* While no process has the other end of a terminal open, reading from its master fails. So keep
 * that end open: a process may open it again. */
void
quilt_supervisor_take_terminal (QuiltSupervisor *self)
{
  g_autoptr (GError) error = NULL;
  int ends[2] = {-1, -1}, input;
  char name[256];
  guint n_fds;
  gssize n = quilt_fds_receive (self->console, MSG_DONTWAIT, name, sizeof name, ends, 2, &n_fds);

  if (n < 0 && errno == EAGAIN)
    return;
  quilt_fd_clear (&self->console);
  if (n <= 0 || n_fds != 2) { /* the init has ended, which is handled elsewhere */
    quilt_fd_clear (&ends[0]);
    return;
  }
  quilt_output_set_terminal (&self->outputs[QUILT_STREAM_STDOUT], ends[0]);
  self->slave = ends[1];
  input = fcntl (ends[0], F_DUPFD_CLOEXEC, 0);
  if (input < 0 || fcntl (ends[0], F_SETFL, O_RDWR | O_NONBLOCK) < 0) {
    quilt_set_error_errno (&error, errno, "Failed to use the container's terminal");
    quilt_supervisor_fail (self, error, 0);
  }
  quilt_clients_set_input (&self->clients, input, TRUE);
}
