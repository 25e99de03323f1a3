/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ownership of file descriptors. */
#include "base/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void
quilt_fd_clear (int *fd)
{
  int errsv = errno;

  if (*fd >= 0)
    close (*fd); /* on Linux the descriptor is closed even if close() reports EINTR or EIO */
  *fd = -1;
  errno = errsv;
}

gboolean
quilt_fd_write_all (int fd, const void *data, gsize length)
{
  const char *p = data;

  while (length > 0) {
    ssize_t n = write (fd, p, length);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return FALSE;
    p += n;
    length -= (gsize)n;
  }
  return TRUE;
}

/* The union gives the buffer the kernel's alignment. */
typedef union {
  struct cmsghdr header;
  char space[CMSG_SPACE (QUILT_FDS_MAX * sizeof (int))];
} Control;

/* Calls sendmsg(2). Returns the number of bytes sent, or -1 with errno set. */
static ssize_t
send_some (int socket, const void *data, gsize size, const int *fds, guint n_fds)
{
  Control control = {0};
  struct iovec iov = {(void *)data, size};
  struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
  ssize_t sent;

  if (n_fds > 0) {
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE (n_fds * sizeof (int));
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN (n_fds * sizeof (int));
    memcpy (CMSG_DATA (&control.header), fds, n_fds * sizeof (int));
  }
  do
    sent = sendmsg (socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent;
}

gboolean
quilt_fds_send (int socket, const void *data, gsize size, const int *fds, guint n_fds)
{
  g_return_val_if_fail (n_fds <= QUILT_FDS_MAX, FALSE);
  return send_some (socket, data, size, fds, n_fds) >= 0;
}

gboolean
quilt_fds_write_all (int socket, const void *data, gsize size, const int *fds, guint n_fds)
{
  const char *p = data;

  g_return_val_if_fail (n_fds <= QUILT_FDS_MAX, FALSE);
  while (size > 0) {
    const ssize_t n = send_some (socket, p, size, fds, n_fds);

    if (n < 0)
      return FALSE;
    p += n;
    size -= (gsize)n;
    n_fds = 0;
  }
  return TRUE;
}

/* Takes the descriptors of the message that arrived. */
static guint
take_fds (struct msghdr *message, int *fds, guint room)
{
  const struct cmsghdr *header = message->msg_controllen > 0 ? CMSG_FIRSTHDR (message) : NULL;
  gsize n;

  if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
    return 0;
  n = (header->cmsg_len - CMSG_LEN (0)) / sizeof (int);
  n = MIN (n, room); /* the kernel had no room for more */
  memcpy (fds, CMSG_DATA (header), n * sizeof (int));
  return (guint)n;
}

/* Calls recvmsg(2). *ret_flags are the flags of the message. */
static gssize
receive (int socket,
         int flags,
         void *data,
         gsize size,
         int *fds,
         guint room,
         guint *ret_n_fds,
         int *ret_flags)
{
  Control control;
  struct iovec iov = {data, size};
  struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
  ssize_t n;

  *ret_n_fds = 0;
  if (room > 0) {
    message.msg_control = &control;
    message.msg_controllen = CMSG_LEN (MIN (room, QUILT_FDS_MAX) * sizeof (int));
  }
  do
    n = recvmsg (socket, &message, flags | MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  *ret_flags = message.msg_flags;
  if (n >= 0)
    *ret_n_fds = take_fds (&message, fds, room);
  return n;
}

gssize
quilt_fds_receive (
    int socket, int flags, void *data, gsize size, int *fds, guint room, guint *ret_n_fds)
{
  int cut = room > 0 ? MSG_TRUNC | MSG_CTRUNC : MSG_TRUNC, got;
  gssize n = receive (socket, flags, data, size, fds, room, ret_n_fds, &got);

  if (n < 0 || !(got & cut))
    return n;
  errno = *ret_n_fds == room || (got & MSG_TRUNC) ? EMSGSIZE : EMFILE;
  for (guint i = 0; i < *ret_n_fds; i++)
    quilt_fd_clear (&fds[i]);
  *ret_n_fds = 0;
  return -1;
}

gssize
quilt_fds_read (int socket, void *data, gsize size, int fds[QUILT_FDS_MAX], guint *ret_n_fds)
{
  int got;

  return receive (socket, 0, data, size, fds, QUILT_FDS_MAX, ret_n_fds, &got);
}

pid_t
quilt_pid_fd_get_pid (int pid_fd)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/fdinfo/%d", pid_fd);
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents (path, &text, NULL, NULL) || !(line = strstr (text, "\nPid:")))
    return 0;
  return (pid_t)g_ascii_strtoll (line + strlen ("\nPid:"), NULL, 10);
}
