/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two threads, one for each direction, pass messages on: GDBus ── socket pair ── relay ── bus. */
#include "daemon/bus-relay.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/bus-message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK (64 * 1024)

typedef struct {
  int fds[QUILT_FDS_MAX];
  guint n;
} Descriptors;

struct QuiltBusRelay {
  GDBusConnection *connection;
  int bus;
  int inside; /* the other end of the pair is GDBus's */
  GThread *from_bus, *to_bus;
};

static void
descriptors_close (Descriptors *self)
{
  for (guint i = 0; i < self->n; i++)
    quilt_fd_clear (&self->fds[i]);
  self->n = 0;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Descriptors, descriptors_close)

/* Sends one message or a part of it. The descriptors go with its first byte, as buses expect, and
 * are closed here. If too many are on their way to GDBus, the kernel refuses them: then they are
 * lost, and the call's handler misses them. FALSE: nobody reads any more. */
static gboolean
pass (int socket, const guint8 *data, gsize size, Descriptors *descriptors)
{
  gsize sent = 0;

  if (descriptors->n > 0 && quilt_fds_send (socket, data, 1, descriptors->fds, descriptors->n))
    sent = 1;
  descriptors_close (descriptors);
  return quilt_fds_write_all (socket, data + sent, size - sent, NULL, 0);
}

/* Exactly size bytes, which are one message's, as all descriptors are that come with them. */
static gboolean
read_exactly (int socket, guint8 *data, gsize size, Descriptors *descriptors)
{
  gsize have = 0;

  while (have < size) {
    Descriptors more;
    gssize n = quilt_fds_read (socket, data + have, size - have, more.fds, &more.n);

    if (n <= 0)
      return FALSE;
    have += (gsize)n;
    if (descriptors->n == 0)
      *descriptors = more;
    else
      descriptors_close (&more); /* the bus sends them with the first byte */
  }
  return TRUE;
}

/* Passes size bytes on; with to -1 they are dropped. */
static gboolean
pass_rest (int from, int to, guint8 *chunk, gsize size)
{
  while (size > 0) {
    g_auto (Descriptors) descriptors = {0};
    gsize n = MIN (size, CHUNK);

    if (!read_exactly (from, chunk, n, &descriptors) ||
        (to >= 0 && !pass (to, chunk, n, &descriptors)))
      return FALSE;
    size -= n;
  }
  return TRUE;
}

/* A call becomes one without a body, to be answered with an error; others are dropped. have bytes
 * of it are read, with its head among them if it is not too large itself. */
static gboolean
pass_cut (QuiltBusRelay *self,
          const QuiltBusMessage *message,
          guint8 *buffer,
          gsize have,
          Descriptors *descriptors)
{
  g_autofree guint8 *rest = g_malloc (CHUNK);
  gsize head = message->head;

  if (message->type == G_DBUS_MESSAGE_TYPE_METHOD_CALL && head <= have &&
      quilt_bus_message_cut (buffer, &head) && !pass (self->inside, buffer, head, descriptors))
    return FALSE;
  return pass_rest (self->bus, -1, rest, message->size - have);
}

/* A call or a signal that is larger than a chunk: it is read before anything of it is passed on. */
static gboolean
pass_large (QuiltBusRelay *self,
            const QuiltBusMessage *message,
            const guint8 *chunk,
            Descriptors *descriptors)
{
  gsize have = MIN (message->size, QUILT_CALL_MAX);
  g_autofree guint8 *buffer = g_malloc (have);

  memcpy (buffer, chunk, QUILT_BUS_START);
  if (!read_exactly (self->bus, buffer + QUILT_BUS_START, have - QUILT_BUS_START, descriptors))
    return FALSE;
  if (have == message->size && quilt_bus_message_has_at_most (buffer, have, QUILT_CALL_VALUES_MAX))
    return pass (self->inside, buffer, have, descriptors);
  return pass_cut (self, message, buffer, have, descriptors);
}

static gboolean
is_answer (const QuiltBusMessage *message)
{
  return message->type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN ||
         message->type == G_DBUS_MESSAGE_TYPE_ERROR;
}

/* Messages are read one by one, in both directions: the kernel would join two of them in one read,
 * and then descriptors of the second would seem to be of the first. */
static gboolean
read_start (int from, guint8 *chunk, QuiltBusMessage *ret_message, Descriptors *descriptors)
{
  return read_exactly (from, chunk, QUILT_BUS_START, descriptors) &&
         quilt_bus_message_measure (chunk, ret_message);
}

/* A message whose start is in chunk. */
static gboolean
pass_whole (
    int from, int to, const QuiltBusMessage *message, guint8 *chunk, Descriptors *descriptors)
{
  gsize first = MIN (message->size, CHUNK);

  return read_exactly (from, chunk + QUILT_BUS_START, first - QUILT_BUS_START, descriptors) &&
         pass (to, chunk, first, descriptors) && pass_rest (from, to, chunk, message->size - first);
}

static gboolean
pass_message_from_bus (QuiltBusRelay *self, guint8 *chunk)
{
  g_auto (Descriptors) descriptors = {0};
  QuiltBusMessage message;

  if (!read_start (self->bus, chunk, &message, &descriptors))
    return FALSE;
  return message.size > CHUNK && !is_answer (&message)
             ? pass_large (self, &message, chunk, &descriptors)
             : pass_whole (self->bus, self->inside, &message, chunk, &descriptors);
}

static gboolean
pass_message_to_bus (QuiltBusRelay *self, guint8 *chunk)
{
  g_auto (Descriptors) descriptors = {0};
  QuiltBusMessage message;

  return read_start (self->inside, chunk, &message, &descriptors) &&
         pass_whole (self->inside, self->bus, &message, chunk, &descriptors);
}

/* The lines of the authentication; messages follow the last one. FALSE: the connection was closed
 * before. */
static gboolean
pass_lines (int from, int to, const char *last, guint8 *chunk)
{
  g_auto (Descriptors) none = {0};
  gsize length = 0;

  while (length < CHUNK && read_exactly (from, chunk + length, 1, &none)) {
    if (chunk[length++] != '\n')
      continue;
    if (!pass (to, chunk, length, &none))
      return FALSE;
    if (g_str_has_prefix ((const char *)chunk, last))
      return TRUE;
    length = 0;
  }
  return FALSE;
}

static gpointer
pass_from_bus (gpointer data)
{
  QuiltBusRelay *self = data;
  g_autofree guint8 *chunk = g_malloc0 (CHUNK);
  gboolean more = pass_lines (self->bus, self->inside, "AGREE_UNIX_FD\r\n", chunk);

  while (more)
    more = pass_message_from_bus (self, chunk);
  shutdown (self->inside, SHUT_RDWR);
  return NULL;
}

static gpointer
pass_to_bus (gpointer data)
{
  QuiltBusRelay *self = data;
  g_autofree guint8 *chunk = g_malloc0 (CHUNK);
  gboolean more = pass_lines (self->inside, self->bus, "BEGIN\r\n", chunk);

  while (more)
    more = pass_message_to_bus (self, chunk);
  shutdown (self->bus, SHUT_RDWR);
  return NULL;
}

/* The bus's socket, which blocks. -1 with error. */
static int
connect_bus (GError **error)
{
  g_autofree char *address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SYSTEM, NULL, error);
  g_autoptr (GIOStream) stream = NULL;
  g_autofd int fd = -1;

  if (!address || !(stream = g_dbus_address_get_stream_sync (address, NULL, NULL, error)))
    return -1;
  fd = fcntl (g_socket_get_fd (g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream))),
              F_DUPFD_CLOEXEC, 0);
  if (fd < 0) {
    quilt_set_error_errno (error, errno, "Failed to connect to the system bus");
    return -1;
  }
  return g_unix_set_fd_nonblocking (fd, FALSE, error) ? g_steal_fd (&fd) : -1;
}

/* Our end of a new pair, and a stream for GDBus. -1 with error. */
static int
open_pair (GIOStream **ret_stream, GError **error)
{
  g_autoptr (GSocket) socket = NULL;
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
    quilt_set_error_errno (error, errno, "Failed to make a socket pair");
    return -1;
  }
  socket = g_socket_new_from_fd (pair[1], error);
  if (!socket) {
    close (pair[0]);
    close (pair[1]);
    return -1;
  }
  *ret_stream = G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
  return pair[0];
}

QuiltBusRelay *
quilt_bus_relay_new (GError **error)
{
  g_autoptr (QuiltBusRelay) self = g_new0 (QuiltBusRelay, 1);
  g_autoptr (GIOStream) stream = NULL;

  self->inside = -1;
  self->bus = connect_bus (error);
  if (self->bus < 0 || (self->inside = open_pair (&stream, error)) < 0)
    return NULL;
  self->from_bus = g_thread_new ("from-bus", pass_from_bus, self);
  self->to_bus = g_thread_new ("to-bus", pass_to_bus, self);
  self->connection = g_dbus_connection_new_sync (stream, NULL,
                                                 G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                     G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                 NULL, NULL, error);
  return self->connection ? g_steal_pointer (&self) : NULL;
}

GDBusConnection *
quilt_bus_relay_get_connection (QuiltBusRelay *self)
{
  return self->connection;
}

void
quilt_bus_relay_free (QuiltBusRelay *self)
{
  if (self->connection) {
    g_dbus_connection_flush_sync (self->connection, NULL, NULL);
    g_dbus_connection_close_sync (self->connection, NULL, NULL);
  }
  /* GDBus may have closed before, of its own. What it sent is still read. */
  if (self->inside >= 0)
    shutdown (self->inside, SHUT_RDWR);
  if (self->from_bus)
    g_thread_join (self->from_bus);
  if (self->to_bus)
    g_thread_join (self->to_bus);
  g_clear_object (&self->connection);
  quilt_fd_clear (&self->inside);
  quilt_fd_clear (&self->bus);
  g_free (self);
}
