/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens untrusted paths without leaving a directory. */
#include "base/beneath.h"

#include <errno.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define QUICK_TRIES 128
#define SLOW_TRIES 5000

static int
open_resolving (int dir_fd, const char *path, int flags, mode_t mode, guint64 resolve)
{
  struct open_how how = {
      .flags = (guint64)(flags | O_CLOEXEC),
      .mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? mode : 0,
      .resolve = resolve,
  };
  int fd;

  /* EAGAIN: a rename or mount on the host meanwhile kept the kernel from verifying a "..". A
   * process that renames in a loop must not keep containers from starting. So retry after short
   * waits, and give up only at the end. */
  for (int tries = 0; tries < QUICK_TRIES + SLOW_TRIES; tries++) {
    fd = (int)syscall (SYS_openat2, dir_fd, path, &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
      return fd;
    if (tries >= QUICK_TRIES)
      nanosleep (&(struct timespec){.tv_nsec = 100000}, NULL);
  }
  errno = EAGAIN;
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
