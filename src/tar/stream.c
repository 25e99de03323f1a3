/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two ends of a stream of tar. */
#include "tar/stream.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* Fewer and larger reads and writes are faster, up to the size of a cache. */
#define BUFFER_SIZE (256 * 1024)

void
quilt_tar_stream_init (QuiltTarStream *stream, int fd, QuiltTarWait wait, gpointer data)
{
  *stream = (QuiltTarStream){.fd = fd, .wait = wait, .data = data};
  stream->buffer = g_malloc (BUFFER_SIZE);
}

void
quilt_tar_stream_clear (QuiltTarStream *stream)
{
  g_clear_pointer (&stream->buffer, g_free);
}

static gboolean
await (QuiltTarStream *stream, short events)
{
  return !stream->wait || stream->wait (stream->fd, events, stream->data);
}

gboolean
quilt_tar_stream_flush (QuiltTarStream *stream)
{
  while (stream->start < stream->end) {
    ssize_t n;

    if (!await (stream, POLLOUT))
      return FALSE;
    n = write (stream->fd, stream->buffer + stream->start, stream->end - stream->start);
    if (n < 0 && errno != EINTR && errno != EAGAIN)
      return FALSE;
    if (n > 0) {
      stream->start += (gsize)n;
      stream->bytes += (guint64)n;
    }
  }
  stream->start = stream->end = 0;
  return TRUE;
}

guint8 *
quilt_tar_stream_reserve (QuiltTarStream *stream, gsize *ret_room)
{
  if (BUFFER_SIZE - stream->end < QUILT_TAR_BLOCK && !quilt_tar_stream_flush (stream))
    return NULL;
  *ret_room = BUFFER_SIZE - stream->end;
  return stream->buffer + stream->end;
}

void
quilt_tar_stream_commit (QuiltTarStream *stream, gsize length)
{
  stream->end += length;
}

gboolean
quilt_tar_stream_write (QuiltTarStream *stream, gconstpointer bytes, gsize length)
{
  const guint8 *at = bytes;

  while (length > 0) {
    gsize room;
    guint8 *space = quilt_tar_stream_reserve (stream, &room);

    if (!space)
      return FALSE;
    room = MIN (room, length);
    memcpy (space, at, room);
    quilt_tar_stream_commit (stream, room);
    at += room;
    length -= room;
  }
  return TRUE;
}

gboolean
quilt_tar_stream_write_zeros (QuiltTarStream *stream, guint64 length)
{
  while (length > 0) {
    gsize room;
    guint8 *space = quilt_tar_stream_reserve (stream, &room);

    if (!space)
      return FALSE;
    room = (gsize)MIN (room, length);
    memset (space, 0, room);
    quilt_tar_stream_commit (stream, room);
    length -= room;
  }
  return TRUE;
}

gssize
quilt_tar_stream_next (QuiltTarStream *stream, gsize max, const guint8 **ret_bytes)
{
  ssize_t n = 0;

  while (stream->start == stream->end) {
    if (!await (stream, POLLIN))
      return -1;
    n = read (stream->fd, stream->buffer, BUFFER_SIZE);
    if (n < 0 && errno != EINTR && errno != EAGAIN)
      return -1;
    if (n == 0)
      return 0;
    stream->start = 0;
    stream->end = n > 0 ? (gsize)n : 0;
    stream->bytes += stream->end;
  }
  max = MIN (max, stream->end - stream->start);
  *ret_bytes = stream->buffer + stream->start;
  stream->start += max;
  return (gssize)max;
}

int
quilt_tar_stream_read (QuiltTarStream *stream, guint8 *bytes, gsize length)
{
  while (length > 0) {
    const guint8 *some;
    gssize n = quilt_tar_stream_next (stream, length, &some);

    if (n <= 0)
      return (int)n;
    memcpy (bytes, some, (gsize)n);
    bytes += n;
    length -= (gsize)n;
  }
  return 1;
}
