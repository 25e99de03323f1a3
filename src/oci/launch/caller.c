/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exchange with the caller: sockets to connect to, descriptors to preserve, a pid file. */
#include "oci/launch/caller.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
quilt_oci_socket_connect (const char *path, GError **error)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  g_autofd int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (g_strlcpy (address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
    errno = ENAMETOOLONG;
  else if (fd >= 0 && connect (fd, (struct sockaddr *)&address, sizeof address) == 0)
    return g_steal_fd (&fd);
  quilt_set_error_errno (error, errno, "Failed to connect to the socket '%s'", path);
  return -1;
}

gboolean
quilt_oci_write_pid_file (const char *path, pid_t pid, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autofd int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  char text[16];

  if (fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to write the pid file '%s'", path);
  g_snprintf (text, sizeof text, "%d", (int)pid);
  return quilt_file_replace (fd, name, text, strlen (text), QUILT_FILE_VOLATILE, error);
}

gboolean
quilt_oci_check_preserved (int n, GError **error)
{
  for (int i = 0; i < n; i++) {
    int fd = 3 + i, flags = fcntl (fd, F_GETFD);

    /* A close-on-exec descriptor is our own, not the caller's. */
    if (flags < 0 || (flags & FD_CLOEXEC)) {
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                   "Failed to preserve %d descriptors: descriptor %d is not open", n, fd);
      return FALSE;
    }
  }
  return n >= 0 || (g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                                 "Failed to preserve %d descriptors: the number is negative", n),
                    FALSE);
}
