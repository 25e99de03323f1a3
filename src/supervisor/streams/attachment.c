/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies a stream of the container's output, byte for byte, to an attached client. */
#include "supervisor/streams/attachment.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void
quilt_attachment_init (QuiltAttachment *attachment, int fd)
{
  *attachment = (QuiltAttachment){.fd = fd};
  if (fd >= 0)
    attachment->buffer = g_byte_array_new ();
}

void
quilt_attachment_clear (QuiltAttachment *attachment)
{
  quilt_fd_clear (&attachment->fd);
  g_clear_pointer (&attachment->buffer, g_byte_array_unref);
}

/* The number of bytes that wait for the reader. */
static gsize
get_rest (const QuiltAttachment *attachment)
{
  return attachment->buffer->len - attachment->sent;
}

gboolean
quilt_attachment_has_room (const QuiltAttachment *attachment)
{
  return attachment->fd < 0 || attachment->takes_all ||
         get_rest (attachment) < QUILT_ATTACHMENT_MAX;
}

void
quilt_attachment_take_all (QuiltAttachment *attachment)
{
  attachment->takes_all = TRUE;
}

/* Returns the number of bytes consumed. If the reader is gone, that is all of them. */
static gsize
push (QuiltAttachment *attachment, const guint8 *data, gsize length)
{
  gsize done = 0;

  while (done < length && attachment->fd >= 0) {
    ssize_t n = write (attachment->fd, data + done, length - done);

    if (n < 0 && errno == EAGAIN)
      return done;
    if (n < 0 && errno != EINTR) {
      quilt_fd_clear (&attachment->fd);
      return length;
    }
    done += (gsize)MAX (n, 0);
  }
  return length;
}

static void
push_buffer (QuiltAttachment *attachment)
{
  GByteArray *buffer = attachment->buffer;

  if (attachment->fd < 0)
    return;
  attachment->sent += push (attachment, buffer->data + attachment->sent, get_rest (attachment));
  /* Remove rarely, since that moves the rest. */
  if (attachment->sent > buffer->len / 2) {
    g_byte_array_remove_range (buffer, 0, (guint)attachment->sent);
    attachment->sent = 0;
  }
  if (attachment->finished && get_rest (attachment) == 0)
    quilt_fd_clear (&attachment->fd);
}

void
quilt_attachment_append (QuiltAttachment *attachment, const void *data, gsize length)
{
  gsize done = 0;

  if (attachment->fd < 0)
    return;
  if (get_rest (attachment) == 0)
    done = push (attachment, data, length);
  if (attachment->fd >= 0)
    g_byte_array_append (attachment->buffer, (const guint8 *)data + done, (guint)(length - done));
}

void
quilt_attachment_limit (QuiltAttachment *attachment, gsize limit)
{
  if (attachment->fd < 0 || attachment->takes_all || get_rest (attachment) <= limit)
    return;
  quilt_fd_clear (&attachment->fd);
  attachment->is_lost = TRUE;
}

void
quilt_attachment_finish (QuiltAttachment *attachment)
{
  attachment->finished = TRUE;
  /* Enlarge the pipe so that it holds the rest. Then our end need not wait for a slow reader. */
  if (attachment->fd >= 0 && get_rest (attachment) > 0) {
    int capacity = fcntl (attachment->fd, F_GETPIPE_SZ);

    if (capacity > 0)
      fcntl (attachment->fd, F_SETPIPE_SZ, capacity + (int)get_rest (attachment) + 4096);
  }
  push_buffer (attachment);
}

struct pollfd
quilt_attachment_poll (const QuiltAttachment *attachment)
{
  /* Poll even without events, since poll(2) always reports errors: an error means that the reader
   * is gone. */
  return (struct pollfd){
      .fd = attachment->fd,
      .events = attachment->fd >= 0 && get_rest (attachment) > 0 ? POLLOUT : 0,
  };
}

void
quilt_attachment_handle (QuiltAttachment *attachment, short revents)
{
  if (revents & (POLLERR | POLLHUP | POLLNVAL))
    quilt_fd_clear (&attachment->fd);
  else if (revents)
    push_buffer (attachment);
}
