/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket of a D-Bus client. */
#include "dbus/stream.h"

#include "base/fd.h"
#include "dbus/connect.h"
#include "dbus/error.h"
#include "dbus/message.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* Bytes to read at once while the length of the next message is unknown. */
#define CHUNK (16 * 1024)

/* Bytes of memory for output that are kept for later. */
#define KEEP_MAX (256 * 1024)

/* Descriptors of a message in `out`. */
typedef struct {
  gsize at, end; /* where the message begins and ends in `out` */
  int *fds;
  guint n_fds;
} Passing;

static void
passing_clear (gpointer data)
{
  Passing *self = data;

  for (guint i = 0; i < self->n_fds; i++)
    quilt_fd_clear (&self->fds[i]);
  g_free (self->fds);
}

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
      .passing = g_array_new (FALSE, FALSE, sizeof (Passing)),
      .held = g_byte_array_new (),
  };
  g_array_set_clear_func (self->passing, passing_clear);
  g_byte_array_append (self->out, (const guint8 *)"",
                       1); /* the kernel attaches our credentials to this byte */
  g_byte_array_append (self->out, (const guint8 *)request, (guint)strlen (request));
}

void
quilt_dbus_stream_close (QuiltDbusStream *self)
{
  quilt_fd_clear (&self->socket);
  g_byte_array_set_size (self->out, 0);
  self->written = 0;
  g_array_set_size (self->passing, 0);
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
  g_array_unref (self->passing);
  g_byte_array_unref (self->held);
}

/* Writes once, from `done` on. The bytes that go with descriptors end with their message: a bus
 * takes descriptors for those of the last message in a read. */
static gssize
write_some (QuiltDbusStream *self, gsize done)
{
  Passing *next = self->passing->len > 0 ? &g_array_index (self->passing, Passing, 0) : NULL;
  const gboolean passes = next && next->at == done;
  const gsize end = passes ? next->end : next ? next->at : self->out->len;
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE (sizeof (int) * QUILT_FDS_MAX)];
  } control = {.room = {0}};
  struct iovec bytes = {self->out->data + done, end - done};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
  gssize n;

  if (passes) {
    control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN (sizeof (int) * next->n_fds),
                                      .cmsg_level = SOL_SOCKET,
                                      .cmsg_type = SCM_RIGHTS};
    memcpy (CMSG_DATA (&control.header), next->fds, sizeof (int) * next->n_fds);
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE (sizeof (int) * next->n_fds);
  }
  n = TEMP_FAILURE_RETRY (sendmsg (self->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
  if (passes && n > 0)
    g_array_remove_index (self->passing, 0);
  return n;
}

/* Forgets written bytes. To move the rest costs time, so this is done when half are written. An
 * array keeps its memory, so that of a large one is given up when all are. */
static void
compact (QuiltDbusStream *self)
{
  const gsize done = self->written;

  self->out_peak = MAX (self->out_peak, self->out->len);
  if (done < self->out->len - done)
    return;
  if (done == self->out->len && self->out_peak > KEEP_MAX) {
    g_free (g_byte_array_steal (self->out, NULL));
    self->out_peak = 0;
    self->written = 0;
    return;
  }
  g_byte_array_remove_range (self->out, 0, (guint)done);
  self->written = 0;
  for (guint i = 0; i < self->passing->len; i++) {
    g_array_index (self->passing, Passing, i).at -= done;
    g_array_index (self->passing, Passing, i).end -= done;
  }
}

gboolean
quilt_dbus_stream_flush (QuiltDbusStream *self)
{
  while (self->written < self->out->len) {
    const gssize n = write_some (self, self->written);

    if (n < 0 && errno != EAGAIN)
      return FALSE;
    if (n < 0)
      break;
    self->written += (gsize)n;
  }
  compact (self);
  return TRUE;
}

void
quilt_dbus_stream_queue (QuiltDbusStream *self, const void *data, gsize size, int *fds, guint n_fds)
{
  const Passing passing = {self->out->len, self->out->len + size, fds, n_fds};

  g_byte_array_append (self->out, data, (guint)size);
  if (n_fds > 0)
    g_array_append_val (self->passing, passing);
}

void
quilt_dbus_stream_drain (QuiltDbusStream *self, int timeout_msec)
{
  struct pollfd item = {.fd = self->socket, .events = POLLOUT};

  while (self->socket >= 0 && quilt_dbus_stream_has_output (self) &&
         quilt_dbus_stream_flush (self) && quilt_dbus_stream_has_output (self) &&
         poll (&item, 1, timeout_msec) > 0)
    ;
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
  quilt_dbus_stream_drain (self, -1);
  if (quilt_dbus_stream_has_output (self))
    return FALSE;
  return quilt_fds_write_all (self->socket, data, size, fds, n_fds);
}

gsize
quilt_dbus_stream_get_backlog (const QuiltDbusStream *self)
{
  return self->out->len - self->written;
}

gboolean
quilt_dbus_stream_has_output (const QuiltDbusStream *self)
{
  return quilt_dbus_stream_get_backlog (self) > 0;
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
  self->is_full = n == (gssize)room;
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

static gboolean
is_call (const QuiltDbusStream *self, const guint8 *start)
{
  return self->call_max > 0 && start[1] == QUILT_DBUS_CALL;
}

/* The bytes to hand over of a message of this size. 0: none. */
static gsize
get_part (const QuiltDbusStream *self, const guint8 *start, gsize size)
{
  const gsize head = quilt_dbus_message_measure_head (start);

  if (!is_call (self, start))
    return size <= self->message_max ? size : 0;
  return size <= self->call_max ? size : head <= self->call_max ? head : 0;
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
    const gsize part = size > 0 ? get_part (self, data, size) : 0;

    if (size == 0) {
      fail (error, "the bus sent an invalid D-Bus message");
      return QUILT_DBUS_STREAM_BROKEN;
    }
    if (part == 0) {
      skip (self, size);
      drop_skipped (self);
      continue;
    }
    if (part > have) {
      self->missing = part - have;
      return QUILT_DBUS_STREAM_NOTHING;
    }
    self->taken += part;
    self->skip = size - part;
    *ret_data = data;
    *ret_size = part;
    return QUILT_DBUS_STREAM_MESSAGE;
  }
  if (self->in->len == self->taken && self->skip == 0 && self->fds->len > 0) {
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
