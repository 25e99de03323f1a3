/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening what a stranger named, without leaving a directory. */
#include "base/beneath.h"

#include <errno.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
open_resolving (int dir_fd, const char *path, int flags, mode_t mode, guint64 resolve)
{
  struct open_how how = {
      .flags = (guint64)(flags | O_CLOEXEC),
      .mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? mode : 0,
      .resolve = resolve,
  };
  int fd;

  /* EAGAIN: something was renamed or mounted meanwhile and the kernel could not be sure. Whoever
   * races us for ever only delays himself, but give up in the end. */
  for (int tries = 0; tries < 128; tries++) {
    fd = (int)syscall (SYS_openat2, dir_fd, path, &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
      return fd;
  }
  return -1;
}

int
quilt_open_beneath (int dir_fd, const char *path, int flags, mode_t mode)
{
  return open_resolving (dir_fd, path, flags, mode,
                         RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

int
quilt_open_in_root (int dir_fd, const char *path, int flags, mode_t mode)
{
  return open_resolving (dir_fd, path, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}
