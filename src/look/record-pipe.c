/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes records to a pipe, as its reader takes them. */
#include "look/record-pipe.h"

#include <glib-unix.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#define BUFFER_SIZE (64 * 1024)

struct QuiltRecordPipe {
  int fd, control;
  GString *buffer;
};

QuiltRecordPipe *
quilt_record_pipe_new (int fd, int control)
{
  QuiltRecordPipe *self = g_new0 (QuiltRecordPipe, 1);

  g_unix_set_fd_nonblocking (fd, TRUE, NULL);
  self->fd = fd;
  self->control = control;
  self->buffer = g_string_sized_new (BUFFER_SIZE);
  return self;
}

void
quilt_record_pipe_free (QuiltRecordPipe *self)
{
  g_string_free (self->buffer, TRUE);
  g_free (self);
}

/* Returns FALSE if the reader or quiltd is gone. */
static gboolean
wait_for_reader (const QuiltRecordPipe *self)
{
  struct pollfd fds[] = {{.fd = self->fd, .events = POLLOUT}, {.fd = self->control}};

  while (poll (fds, G_N_ELEMENTS (fds), -1) < 0)
    if (errno != EINTR)
      return FALSE;
  return fds[0].revents == POLLOUT && fds[1].revents == 0;
}

gboolean
quilt_record_pipe_flush (QuiltRecordPipe *self)
{
  const char *data = self->buffer->str;
  gsize length = self->buffer->len;

  while (length > 0) {
    ssize_t n;

    if (!wait_for_reader (self))
      return FALSE;
    n = write (self->fd, data, length);
    if (n < 0 && errno != EAGAIN)
      return FALSE;
    if (n > 0) {
      data += n;
      length -= (gsize)n;
    }
  }
  g_string_truncate (self->buffer, 0);
  return TRUE;
}

gboolean
quilt_record_pipe_add (QuiltRecordPipe *self, char kind, const char *text, gsize length)
{
  g_string_append_c (self->buffer, kind);
  g_string_append_len (self->buffer, text, (gssize)length);
  g_string_append_c (self->buffer, '\0');
  return self->buffer->len < BUFFER_SIZE || quilt_record_pipe_flush (self);
}
