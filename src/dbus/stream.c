/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket of a D-Bus client. */
#include "dbus/stream.h"

#include "base/fd.h"
#include "dbus/connect.h"
#include "dbus/error.h"
#include "dbus/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Bytes to read at once while the length of the next message is unknown. */
#define CHUNK (16 * 1024)

static void
close_fds (QuiltDbusStream *self)
{
  for (guint i = 0; i < self->fds->len; i++)
    quilt_fd_clear (&g_array_index (self->fds, int, i));
  g_array_set_size (self->fds, 0);
}

void
quilt_dbus_stream_init (QuiltDbusStream *self, int socket, gboolean is_peer)
{
  const char *request = quilt_dbus_auth_request ();

  *self = (QuiltDbusStream){
      .socket = socket,
      .is_peer = is_peer,
      .message_max = G_MAXSIZE,
      .in = g_byte_array_new (),
      .fds = g_array_new (FALSE, FALSE, sizeof (int)),
      .out = g_byte_array_new (),
      .held = g_byte_array_new (),
  };
  g_byte_array_append (self->out, (const guint8 *)"",
                       1); /* the kernel attaches our credentials to this byte */
  g_byte_array_append (self->out, (const guint8 *)request, (guint)strlen (request));
}

void
quilt_dbus_stream_close (QuiltDbusStream *self)
{
  quilt_fd_clear (&self->socket);
  g_byte_array_set_size (self->out, 0);
  g_byte_array_set_size (self->held, 0);
}

void
quilt_dbus_stream_clear (QuiltDbusStream *self)
{
  quilt_fd_clear (&self->socket);
  close_fds (self);
  g_array_unref (self->fds);
  g_byte_array_unref (self->in);
  g_byte_array_unref (self->out);
  g_byte_array_unref (self->held);
}

gboolean
quilt_dbus_stream_flush (QuiltDbusStream *self)
{
  gsize done = 0;

  while (done < self->out->len) {
    const ssize_t n = TEMP_FAILURE_RETRY (send (
        self->socket, self->out->data + done, self->out->len - done, MSG_NOSIGNAL | MSG_DONTWAIT));

    if (n < 0 && errno != EAGAIN)
      return FALSE;
    if (n < 0)
      break;
    done += (gsize)n;
  }
  g_byte_array_remove_range (self->out, 0, (guint)done);
  return TRUE;
}

gboolean
quilt_dbus_stream_send (
    QuiltDbusStream *self, const void *data, gsize size, const int *fds, guint n_fds)
{
  const gboolean waits = self->is_peer && !self->is_ready;

  if (n_fds == 0) {
    g_byte_array_append (waits ? self->held : self->out, data, (guint)size);
    return quilt_dbus_stream_flush (self);
  }
  if (waits) {
    errno = EOPNOTSUPP;
    return FALSE;
  }
  if (!quilt_fds_write_all (self->socket, self->out->data, self->out->len, NULL, 0))
    return FALSE;
  g_byte_array_set_size (self->out, 0);
  return quilt_fds_write_all (self->socket, data, size, fds, n_fds);
}

gboolean
quilt_dbus_stream_has_output (const QuiltDbusStream *self)
{
  return self->out->len > 0;
}

GError *
quilt_dbus_stream_describe (const char *why)
{
  return g_error_new (QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_CLOSED,
                      "The connection to the bus has ended: %s", why);
}

static gboolean
fail (GError **error, const char *why)
{
  g_propagate_error (error, quilt_dbus_stream_describe (why));
  return FALSE;
}

gboolean
quilt_dbus_stream_receive (QuiltDbusStream *self, GError **error)
{
  const guint room = (guint)MAX (self->missing, CHUNK);
  int fds[QUILT_FDS_MAX];
  guint had, n_fds;
  gssize n;

  g_byte_array_remove_range (self->in, 0, (guint)self->taken);
  self->taken = 0;
  had = self->in->len;
  g_byte_array_set_size (self->in, had + room);
  n = quilt_fds_read (self->socket, self->in->data + had, room, fds, &n_fds);
  g_byte_array_set_size (self->in, had + (guint)MAX (n, 0));
  g_array_append_vals (self->fds, fds, n_fds);
  return n > 0 || fail (error, n < 0 ? g_strerror (errno) : "the bus has closed it");
}

static gboolean
take_welcome (QuiltDbusStream *self, GError **error)
{
  g_autoptr (GError) refusal = NULL;

  self->is_ready = quilt_dbus_auth_take_answer (self->in, &refusal);
  if (refusal) {
    g_propagate_error (error, g_steal_pointer (&refusal));
    return FALSE;
  }
  if (self->is_ready) {
    g_byte_array_append (self->out, self->held->data, self->held->len);
    g_byte_array_set_size (self->held, 0);
  }
  return TRUE;
}

/* Descriptors arrive with the first byte of their message. The messages before this one have taken
 * theirs, so all that are left belong to this one. */
static void
skip (QuiltDbusStream *self, gsize size)
{
  close_fds (self);
  self->skip = size;
}

static void
drop_skipped (QuiltDbusStream *self)
{
  const gsize n = MIN (self->skip, self->in->len - self->taken);

  self->taken += n;
  self->skip -= n;
}

QuiltDbusStreamResult
quilt_dbus_stream_next (QuiltDbusStream *self,
                        const guint8 **ret_data,
                        gsize *ret_size,
                        GError **error)
{
  self->missing = 0;
  if (!self->is_ready && !take_welcome (self, error))
    return QUILT_DBUS_STREAM_BROKEN;
  drop_skipped (self);
  while (self->is_ready && self->in->len - self->taken >= QUILT_DBUS_START) {
    const guint8 *data = self->in->data + self->taken;
    const gsize have = self->in->len - self->taken;
    const gsize size = quilt_dbus_message_measure (data);

    if (size == 0) {
      fail (error, "the bus sent an invalid D-Bus message");
      return QUILT_DBUS_STREAM_BROKEN;
    }
    if (size > self->message_max) {
      skip (self, size);
      drop_skipped (self);
      continue;
    }
    if (size > have) {
      self->missing = size - have;
      return QUILT_DBUS_STREAM_NOTHING;
    }
    self->taken += size;
    *ret_data = data;
    *ret_size = size;
    return QUILT_DBUS_STREAM_MESSAGE;
  }
  if (self->in->len == self->taken && self->fds->len > 0) {
    fail (error, "the bus sent descriptors that belong to no message");
    return QUILT_DBUS_STREAM_BROKEN;
  }
  return QUILT_DBUS_STREAM_NOTHING;
}

int *
quilt_dbus_stream_take_fds (QuiltDbusStream *self, guint n)
{
  int *fds = n > 0 ? g_memdup2 (self->fds->data, n * sizeof (int)) : NULL;

  if (n > 0)
    g_array_remove_range (self->fds, 0, n);
  return fds;
}
