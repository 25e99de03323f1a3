/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies a container's output to ours, byte for byte and without delay. */
#include "ctl/streams/stream.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (64 * 1024)
/* Larger than by default, so that processes wait for each other less often, but small enough that
 * the data of three pipes stay in a processor's cache. */
#define PIPE_SIZE (256 * 1024)

struct QuiltStreamCopy {
  int source;
  int target;
  int hurry;   /* an eventfd that is readable once only the data in the pipe are wanted */
  guint begin; /* waits for the first data; 0: the thread copies, or all is done */
  int errsv;
  QuiltStreamDone done;
  gpointer data;
};

/* If another process made the terminal or pipe non-blocking, wait as if it were blocking. */
static gboolean
wait_writable (int fd)
{
  struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

  return poll (&poll_fd, 1, -1) >= 0 || errno == EINTR;
}

static int
write_all (int fd, const char *data, gsize length)
{
  while (length > 0) {
    ssize_t n = write (fd, data, length);

    if (n < 0 && errno == EAGAIN && wait_writable (fd))
      continue;
    if (n < 0 && errno != EINTR)
      return errno;
    data += MAX (n, 0);
    length -= (gsize)MAX (n, 0);
  }
  return 0;
}

/* Waits until source has data, or is at its end. Returns FALSE if hurry (-1: none) is readable and
 * source is empty. */
static gboolean
wait_readable (int source, int hurry)
{
  struct pollfd fds[] = {{source, POLLIN, 0}, {hurry, POLLIN, 0}};

  while (poll (fds, G_N_ELEMENTS (fds), -1) < 0 && errno == EINTR)
    ;
  return fds[0].revents != 0;
}

static int
copy_by_hand (int source, int target, int hurry)
{
  g_autofree char *buffer = g_malloc (CHUNK);

  while (wait_readable (source, hurry)) {
    ssize_t n = read (source, buffer, CHUNK);
    int r;

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n < 0 ? errno : 0;
    r = write_all (target, buffer, (gsize)n);
    if (r != 0)
      return r;
  }
  return 0;
}

static gboolean
is_pipe (int fd)
{
  struct stat st;

  return fstat (fd, &st) == 0 && S_ISFIFO (st.st_mode);
}

void
quilt_stream_widen (int fd)
{
  fcntl (fd, F_SETPIPE_SZ, PIPE_SIZE);
}

/* splice(2) saves two copies, but is used only for pipes: to a file it would write at the offset
 * from before it waited for input, and overwrite what others (such as our other stream) wrote
 * meanwhile. Returns EINVAL if it can't be used. */
static int
copy_by_splice (int source, int target, int hurry)
{
  quilt_stream_widen (source);
  quilt_stream_widen (target);
  for (;;) {
    const ssize_t n = splice (source, NULL, target, NULL, PIPE_SIZE, SPLICE_F_NONBLOCK);

    if (n == 0)
      return 0;
    if (n < 0 && errno != EINTR && errno != EAGAIN)
      return errno;
    if (n < 0 && !wait_readable (source, hurry))
      return 0;
    if (n < 0)
      wait_writable (target);
  }
}

static int
copy (int source, int target, int hurry)
{
  const int r = is_pipe (target) ? copy_by_splice (source, target, hurry) : EINVAL;

  return r == EINVAL ? copy_by_hand (source, target, hurry) : r;
}

int
quilt_stream_copy (int source, int target)
{
  return copy (source, target, -1);
}

static gboolean
on_end (gpointer data)
{
  QuiltStreamCopy *stream = data;

  stream->done (stream->errsv, stream->data);
  return G_SOURCE_REMOVE;
}

static gpointer
copy_thread (gpointer data)
{
  QuiltStreamCopy *stream = data;

  stream->errsv = copy (stream->source, stream->target, stream->hurry);
  /* Close it now, so that the supervisor notices that the reader is gone. The container
   * continues. */
  quilt_fd_clear (&stream->source);
  g_idle_add_full (G_PRIORITY_DEFAULT, on_end, stream, NULL);
  return NULL;
}

/* Most commands print little or nothing, so start a thread only when there is something to copy. */
static gboolean
on_readable (int source, GIOCondition condition, gpointer data)
{
  QuiltStreamCopy *stream = data;

  stream->begin = 0;
  if (condition & G_IO_IN) {
    GThread *thread = g_thread_try_new ("copy", copy_thread, stream, NULL);

    if (thread) {
      g_thread_unref (thread);
      return G_SOURCE_REMOVE;
    }
    stream->errsv = EAGAIN;
  }
  quilt_fd_clear (&stream->source);
  return on_end (stream);
}

QuiltStreamCopy *
quilt_stream_new (int target, QuiltStreamDone done, gpointer data, int *ret_writer)
{
  QuiltStreamCopy *stream;
  int fds[2];

  if (pipe2 (fds, O_CLOEXEC) < 0)
    return NULL;
  stream = g_new0 (QuiltStreamCopy, 1);
  *stream = (QuiltStreamCopy){.source = fds[0],
                              .target = target,
                              .hurry = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK),
                              .done = done,
                              .data = data};
  *ret_writer = fds[1];
  stream->begin =
      g_unix_fd_add (stream->source, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, stream);
  return stream;
}

void
quilt_stream_hurry (QuiltStreamCopy *stream)
{
  struct pollfd readable = {stream->source, POLLIN, 0};

  if (stream->begin && poll (&readable, 1, 0) == 0) {
    g_clear_handle_id (&stream->begin, g_source_remove);
    quilt_fd_clear (&stream->source);
    g_idle_add_full (G_PRIORITY_DEFAULT, on_end, stream, NULL);
  } else
    eventfd_write (stream->hurry, 1);
}
