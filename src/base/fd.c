/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ownership of file descriptors. */
#include "base/fd.h"

#include <errno.h>
#include <unistd.h>

void
quilt_fd_clear (int *fd)
{
  int errsv = errno;

  if (*fd >= 0)
    close (*fd); /* on Linux the descriptor is gone even when close() reports EINTR or EIO */
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
