/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Passes our stdin on to a command in a container. */
#include "ctl/streams/input.h"

#include "base/fd.h"
#include "ctl/streams/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

gboolean
quilt_is_plain_pipe (int fd, int mode)
{
  struct stat st;
  struct statfs fs;
  int flags = fcntl (fd, F_GETFL);

  return flags >= 0 && (flags & O_ACCMODE) == mode && fstat (fd, &st) == 0 &&
         S_ISFIFO (st.st_mode) && fstatfs (fd, &fs) == 0 && fs.f_type == PIPEFS_MAGIC;
}

static gpointer
copy_input (gpointer data)
{
  int target = GPOINTER_TO_INT (data);

  quilt_stream_copy (STDIN_FILENO, target);
  close (target);
  return NULL;
}

/* A pipe is used as it is, so that only the command reads it. */
static int
hand_over (void)
{
  int fd = fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

  if (fd < 0)
    return -1;
  quilt_stream_widen (fd);
  close (STDIN_FILENO);
  return fd;
}

int
quilt_stdin_open (QuiltStdin *self)
{
  GThread *thread;
  int ends[2];

  if (quilt_is_plain_pipe (STDIN_FILENO, O_RDONLY))
    return hand_over ();
  if (pipe2 (ends, O_CLOEXEC) < 0)
    return -1;
  self->unread = fcntl (ends[0], F_DUPFD_CLOEXEC, 3);
  signal (SIGPIPE, SIG_IGN);
  thread = g_thread_try_new ("input", copy_input, GINT_TO_POINTER (ends[1]), NULL);
  if (thread) {
    g_thread_unref (thread);
    return ends[0];
  }
  close (ends[0]);
  close (ends[1]);
  errno = EAGAIN;
  return -1;
}

void
quilt_stdin_clear (QuiltStdin *self)
{
  int unread;

  if (self->unread >= 0 && ioctl (self->unread, FIONREAD, &unread) == 0 && unread > 0 &&
      lseek (STDIN_FILENO, -(off_t)unread, SEEK_CUR) < 0)
    errno = 0; /* stdin is not a regular file */
  quilt_fd_clear (&self->unread);
}
