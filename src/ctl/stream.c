/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's output on its way to ours: byte for byte, as it comes. */
#include "ctl/stream.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#define CHUNK (64 * 1024)

struct QuiltStream {
  int source;
  int target;
  int errsv;
  QuiltStreamDone done;
  gpointer data;
};

/* A terminal or pipe that somebody else made non-blocking: we wait as if it were not. */
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

static int
copy_by_hand (int source, int target)
{
  g_autofree char *buffer = g_malloc (CHUNK);

  for (;;) {
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
}

int
quilt_stream_copy (int source, int target)
{
  /* splice(2) saves the two copies where the target can do it: pipes, files, sockets. Not into a
   * file opened for appending, nor into most terminals: EINVAL, before anything was moved. */
  for (;;) {
    ssize_t n = splice (source, NULL, target, NULL, CHUNK, SPLICE_F_MOVE);

    if (n == 0)
      return 0;
    if (n > 0 || errno == EINTR)
      continue;
    if (errno == EAGAIN && wait_writable (target))
      continue;
    return errno == EINVAL ? copy_by_hand (source, target) : errno;
  }
}

static gboolean
on_end (gpointer data)
{
  QuiltStream *stream = data;

  stream->done (stream->errsv, stream->data);
  return G_SOURCE_REMOVE;
}

static gpointer
copy_thread (gpointer data)
{
  QuiltStream *stream = data;

  stream->errsv = quilt_stream_copy (stream->source, stream->target);
  /* Closed now: the supervisor sees that nobody reads any more, and the container goes on. */
  quilt_fd_clear (&stream->source);
  g_idle_add_full (G_PRIORITY_DEFAULT, on_end, stream, NULL);
  return NULL;
}

QuiltStream *
quilt_stream_new (int target, QuiltStreamDone done, gpointer data, int *ret_writer)
{
  QuiltStream *stream;
  int fds[2];

  if (pipe2 (fds, O_CLOEXEC) < 0)
    return NULL;
  stream = g_new0 (QuiltStream, 1);
  *stream = (QuiltStream){.source = fds[0], .target = target, .done = done, .data = data};
  *ret_writer = fds[1];
  g_thread_unref (g_thread_new ("copy", copy_thread, stream));
  return stream;
}
