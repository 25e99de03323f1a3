/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors that come with a call. They are untrusted, and accepted only if their kind makes that
 * safe. */
#include "daemon/bus/caller-fd.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* Refuses FIFOs in a file system: the helper opens the pipe again, so it must have no path. */
static gboolean
is_pipe (int fd, const struct stat *st)
{
  struct statfs fs;

  return S_ISFIFO (st->st_mode) && fstatfs (fd, &fs) == 0 && fs.f_type == PIPEFS_MAGIC;
}

static gboolean
is_stream_socket (int fd)
{
  int domain = -1, type = -1;
  socklen_t size = sizeof domain;

  return getsockopt (fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
         getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM &&
         (domain == AF_UNIX || domain == AF_INET || domain == AF_INET6);
}

/* Files of the kernel have size 0, except those of sysfs. */
static gboolean
is_stored (int fd, const struct stat *st)
{
  struct statfs fs;

  return S_ISREG (st->st_mode) && st->st_size > 0 && fstatfs (fd, &fs) == 0 &&
         fs.f_type != PROC_SUPER_MAGIC && fs.f_type != SYSFS_MAGIC;
}

static gboolean
is_fit (int fd, QuiltCallerFdUse use)
{
  int flags = fcntl (fd, F_GETFL);
  struct stat st;

  if (flags < 0 || (flags & O_PATH) || fstat (fd, &st) < 0)
    return FALSE;
  if (use == QUILT_CALLER_FD_SINK)
    return (flags & O_ACCMODE) != O_RDONLY && is_pipe (fd, &st);
  if (use == QUILT_CALLER_FD_PIPE)
    return (flags & O_ACCMODE) == O_RDONLY && is_pipe (fd, &st);
  return (flags & O_ACCMODE) != O_WRONLY && (S_ISFIFO (st.st_mode) || is_stored (fd, &st) ||
                                             (S_ISSOCK (st.st_mode) && is_stream_socket (fd)));
}

static const char *const refusals[] = {
    [QUILT_CALLER_FD_SINK] =
        "is not the writing end of a pipe made by pipe(2); pass a pipe and copy from it",
    [QUILT_CALLER_FD_PIPE] =
        "is not the reading end of a pipe made by pipe(2); pass a pipe and copy to it",
    [QUILT_CALLER_FD_SOURCE] =
        "must be a regular file that is not empty, or a pipe or stream socket to read from",
};

int
quilt_caller_fd_take (const int *fds,
                      guint n_fds,
                      gint32 handle,
                      const char *name,
                      QuiltCallerFdUse use,
                      GError **error)
{
  g_autofd int fd = -1;

  if (handle < 0 || (guint)handle >= n_fds) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "The call passes no descriptor for '%s'", name);
    return -1;
  }
  fd = fcntl (fds[handle], F_DUPFD_CLOEXEC, 0);
  if (fd < 0)
    quilt_set_error_errno (error, errno, "Failed to copy the descriptor for '%s'", name);
  if (fd < 0 || is_fit (fd, use))
    return g_steal_fd (&fd);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "The descriptor for '%s' %s", name,
               refusals[use]);
  return -1;
}
