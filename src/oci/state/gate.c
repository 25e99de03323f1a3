/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gate of a created container. */
#include "oci/state/gate.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define GATE "gate"

/* Address the socket through the descriptor: a socket's path has at most 108 bytes, and the
 * directory may have a longer path. */
static void
fill_address (int dir_fd, struct sockaddr_un *ret_address)
{
  *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
  g_snprintf (ret_address->sun_path, sizeof ret_address->sun_path, "/proc/self/fd/%d/" GATE,
              dir_fd);
}

static int
fail (const char *id, const char *verb, GError **error)
{
  quilt_set_error_errno (error, errno, "Failed to %s the gate of container '%s'", verb, id);
  return -1;
}

int
quilt_oci_gate_listen (int dir_fd, const char *id, GError **error)
{
  g_autofd int fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  struct sockaddr_un address;

  fill_address (dir_fd, &address);
  if (fd < 0 || bind (fd, (struct sockaddr *)&address, sizeof address) < 0 || listen (fd, 1) < 0)
    return fail (id, "make", error);
  return g_steal_fd (&fd);
}

/* Connects and sends the message. Returns FALSE with errno set: EPIPE if the init closed the
 * connection before. */
static gboolean
knock (int fd, int dir_fd)
{
  struct sockaddr_un address;

  fill_address (dir_fd, &address);
  return connect (fd, (struct sockaddr *)&address, sizeof address) == 0 &&
         send (fd, "", 1, MSG_NOSIGNAL) == 1;
}

int
quilt_oci_gate_connect (int dir_fd, const char *id, GError **error)
{
  g_autofd int fd = -1;
  gboolean started;
  int errsv;

  /* The init closes a silent connection and waits for the next one, so try again. */
  do {
    quilt_fd_clear (&fd);
    fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
      return fail (id, "reach", error);
    started = knock (fd, dir_fd);
  } while (!started && errno == EPIPE);
  errsv = errno;
  /* Remove the gate even if nobody listens: the container has started, and its starter could not
   * remove the file. */
  if (unlinkat (dir_fd, GATE, 0) < 0 && errno != ENOENT)
    return fail (id, "remove", error);
  if (started)
    return g_steal_fd (&fd);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
               "cannot start container '%s': it is not waiting to be started (%s)", id,
               g_strerror (errsv));
  return -1;
}

gboolean
quilt_oci_gate_is_watched (int dir_fd)
{
  g_autofd int fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  struct sockaddr_un address;

  fill_address (dir_fd, &address);
  return fd >= 0 &&
         (connect (fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN);
}
