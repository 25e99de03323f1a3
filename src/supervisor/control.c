/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The supervisor's connection to quiltd: first the inherited one, later any that a new quiltd
 * makes. */
#include "supervisor/control.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

gboolean
quilt_control_init (QuiltControl *control, int dir_fd, int fd, guint32 version, GError **error)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  g_autofd int listen_fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  mode_t mask;
  int r;

  *control = (QuiltControl){-1, fd, version};
  g_snprintf (address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/supervisor", dir_fd);
  mask = umask (0177);
  r = listen_fd < 0 ? -1 : bind (listen_fd, (struct sockaddr *)&address, sizeof address);
  umask (mask);
  if (r < 0 || listen (listen_fd, 4) < 0)
    return quilt_set_error_errno (error, errno, "Failed to listen on 'supervisor'");
  control->listen_fd = g_steal_fd (&listen_fd);
  return TRUE;
}

void
quilt_control_clear (QuiltControl *control)
{
  quilt_fd_clear (&control->listen_fd);
  quilt_fd_clear (&control->fd);
}

void
quilt_control_send (QuiltControl *control, const QuiltMessage *message)
{
  QuiltMessage spoken;

  if (control->fd < 0)
    return;
  spoken = *message;
  spoken.version = control->version;
  if (!quilt_message_send (control->fd, &spoken))
    quilt_fd_clear (&control->fd);
}

void
quilt_control_refuse (QuiltControl *control, const QuiltMessage *request)
{
  QuiltMessage answer;

  if (request->request == 0)
    return;
  quilt_message_init_answer (&answer, QUILT_MESSAGE_ERROR, request);
  answer.code = QUILT_ERROR_NOT_SUPPORTED;
  quilt_message_set_text (&answer,
                          "The container's supervisor is of an earlier version of Quilt, which "
                          "can't do this; restart the container");
  quilt_control_send (control, &answer);
}

static int
finish_receive (QuiltControl *control, int r)
{
  if (r > 0 || control->fd < 0 || (r < 0 && errno == EAGAIN))
    return MAX (r, 0);
  quilt_fd_clear (&control->fd);
  return -1;
}

int
quilt_control_receive (QuiltControl *control, QuiltMessage *ret_message)
{
  return finish_receive (control,
                         control->fd < 0 ? 0 : quilt_message_receive (control->fd, ret_message));
}

int
quilt_control_receive_fds (
    QuiltControl *control, QuiltMessage *ret_message, int *ret_fds, guint room, guint *ret_n_fds)
{
  *ret_n_fds = 0;
  return finish_receive (control, control->fd < 0
                                      ? 0
                                      : quilt_message_receive_fds (control->fd, ret_message,
                                                                   ret_fds, room, ret_n_fds));
}

gboolean
quilt_control_accept (QuiltControl *control)
{
  g_autofd int fd = accept4 (control->listen_fd, NULL, NULL, SOCK_CLOEXEC);
  struct ucred peer;
  socklen_t size = sizeof peer;

  if (fd < 0 || getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
      peer.uid != geteuid ())
    return FALSE;
  control->fd = g_steal_fd (&fd);
  control->version = QUILT_MESSAGE_VERSION; /* quiltd answers in the version that it receives */
  return TRUE;
}

struct pollfd
quilt_control_poll (const QuiltControl *control)
{
  return (struct pollfd){
      .fd = control->fd >= 0 ? control->fd : control->listen_fd,
      .events = POLLIN,
  };
}
