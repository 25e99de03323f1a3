/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages of a connection, without a main loop. */
#include "dbus/link.h"

#include "base/fd.h"
#include "dbus/error.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* dbus-daemon refuses the 129th call of a connection that it has not answered yet. */
#define CALLS_MAX 96
/* Of these, at most so many are slow. */
#define SLOW_MAX 64

/* Full reads in a row, before the main loop looks after other things. */
#define READS_MAX 8

static void
deliver (QuiltDbusLink *self, QuiltDbusIncoming *incoming)
{
  const guint32 serial = incoming->message.reply_serial;
  QuiltDbusWaiting *call = serial ? quilt_dbus_calls_find (self->calls, serial) : NULL;

  if (call && call->is_sync) {
    quilt_dbus_calls_answer (self->calls, call, incoming);
    quilt_dbus_incoming_free (incoming);
  } else {
    g_queue_push_tail (&self->inbox, incoming);
  }
}

void
quilt_dbus_link_deliver_error (QuiltDbusLink *self, guint32 serial, GError *error)
{
  QuiltDbusIncoming *incoming = g_new0 (QuiltDbusIncoming, 1);

  incoming->message.reply_serial = serial;
  incoming->error = error;
  deliver (self, incoming);
}

/* Delivers the end after all messages and answers that have arrived. */
static void
deliver_end (QuiltDbusLink *self)
{
  QuiltDbusIncoming *incoming = g_new0 (QuiltDbusIncoming, 1);

  incoming->is_end = TRUE;
  g_queue_push_tail (&self->inbox, incoming);
}

/* Ends the connection. Takes ownership of error. */
static void
end (QuiltDbusLink *self, GError *error)
{
  self->failure = error;
  self->on_end (self->data);
  quilt_dbus_stream_close (&self->stream);
  for (guint i = 0; i < self->calls->len;) {
    const QuiltDbusWaiting *call = g_ptr_array_index (self->calls, i);

    i += call->is_sync ? 0 : 1; /* a synchronous call leaves the list */
    quilt_dbus_link_deliver_error (self, call->serial, g_error_copy (self->failure));
  }
  deliver_end (self);
}

static void
fail (QuiltDbusLink *self, const char *why)
{
  end (self, quilt_dbus_stream_describe (why));
}

static gboolean
is_answer (const QuiltDbusMessage *message)
{
  return message->type == QUILT_DBUS_RETURN || message->type == QUILT_DBUS_ERROR_REPLY;
}

/* Anybody on the bus may send us signals. Skip all that we did not subscribe to, before their
 * bodies are parsed. */
static gboolean
is_wanted (QuiltDbusLink *self, const QuiltDbusMessage *message)
{
  if (is_answer (message))
    return quilt_dbus_calls_find (self->calls, message->reply_serial) != NULL;
  return message->type == QUILT_DBUS_SIGNAL &&
         quilt_dbus_signals_is_wanted (&self->signals, message, self->inbox.length > 0);
}

static void
close_fds (QuiltDbusIncoming *incoming)
{
  for (guint i = 0; incoming->fds && i < incoming->message.n_fds; i++)
    quilt_fd_clear (&incoming->fds[i]);
  g_clear_pointer (&incoming->fds, g_free);
}

/* Returns FALSE if the message is invalid. If too many files are open, the kernel drops
 * descriptors: an answer needs them, but a signal of anybody must not end the connection. */
static gboolean
take_message (QuiltDbusLink *self, const guint8 *data, gsize size)
{
  g_autoptr (QuiltDbusIncoming) incoming = g_new0 (QuiltDbusIncoming, 1);
  QuiltDbusMessage message;
  gboolean answers;

  if (!quilt_dbus_message_read_head (data, size, &message))
    return FALSE;
  answers = is_answer (&message);
  if (answers && message.n_fds > self->stream.fds->len)
    return FALSE;
  incoming->message.n_fds = MIN (message.n_fds, self->stream.fds->len);
  incoming->fds = quilt_dbus_stream_take_fds (&self->stream, incoming->message.n_fds);
  if (!is_wanted (self, &message))
    return TRUE;
  if (!answers) /* no callback takes a signal's descriptors */
    close_fds (incoming);
  incoming->data = g_memdup2 (data, size);
  if (!quilt_dbus_message_read (incoming->data, size, &message))
    return !answers;
  incoming->message = message;
  if (!answers)
    incoming->message.reply_serial = 0;
  deliver (self, g_steal_pointer (&incoming));
  return TRUE;
}

/* Descriptors may be missing if too many files are open. Returns FALSE if the call is invalid. */
static gboolean
take_call (QuiltDbusLink *self, const guint8 *data, gsize size)
{
  QuiltDbusMessage head;

  if (!quilt_dbus_message_read_head (data, size, &head))
    return FALSE;
  head.n_fds = MIN (head.n_fds, self->stream.fds->len);
  self->service->take (&head, data, size, quilt_dbus_stream_take_fds (&self->stream, head.n_fds),
                       self->service_data);
  return TRUE;
}

static gboolean
take (QuiltDbusLink *self, const guint8 *data, gsize size)
{
  return self->service && data[1] == QUILT_DBUS_CALL ? take_call (self, data, size)
                                                     : take_message (self, data, size);
}

/* Takes all complete messages out of the bytes read so far. */
static void
take_messages (QuiltDbusLink *self)
{
  g_autoptr (GError) error = NULL;
  QuiltDbusStreamResult result = QUILT_DBUS_STREAM_MESSAGE;
  const guint8 *data;
  gsize size;

  while (!self->failure && result == QUILT_DBUS_STREAM_MESSAGE) {
    result = quilt_dbus_stream_next (&self->stream, &data, &size, &error);
    if (result == QUILT_DBUS_STREAM_BROKEN)
      end (self, g_steal_pointer (&error));
    else if (result == QUILT_DBUS_STREAM_MESSAGE && !take (self, data, size))
      fail (self, "the bus sent an invalid D-Bus message");
  }
}

void
quilt_dbus_link_flush (QuiltDbusLink *self)
{
  if (!quilt_dbus_stream_flush (&self->stream))
    fail (self, g_strerror (errno));
}

/* Reads once, which may block, and takes all complete messages. */
static void
receive (QuiltDbusLink *self)
{
  g_autoptr (GError) error = NULL;

  if (quilt_dbus_stream_receive (&self->stream, &error))
    take_messages (self);
  else
    end (self, g_steal_pointer (&error));
  if (!self->failure && quilt_dbus_stream_has_output (&self->stream))
    quilt_dbus_link_flush (self); /* it may have waited for what was read */
}

static gboolean
is_call_due (const QuiltDbusLink *self)
{
  return self->service && !self->failure && self->service->is_due (self->service_data);
}

/* poll(2) finds room when the bus has read most of what the kernel keeps. */
gboolean
quilt_dbus_link_may_begin_call (const QuiltDbusLink *self)
{
  struct pollfd item = {.fd = self->stream.socket, .events = POLLOUT};

  return is_call_due (self) && !quilt_dbus_stream_has_output (&self->stream) &&
         poll (&item, 1, 0) > 0;
}

short
quilt_dbus_link_get_events (const QuiltDbusLink *self)
{
  return quilt_dbus_stream_has_output (&self->stream) || is_call_due (self) ? POLLIN | POLLOUT
                                                                            : POLLIN;
}

static gboolean
has_input (const QuiltDbusLink *self)
{
  struct pollfd item = {.fd = self->stream.socket, .events = POLLIN};

  return poll (&item, 1, 0) > 0;
}

/* revents: the events that poll(2) found. */
void
quilt_dbus_link_handle_events (QuiltDbusLink *self, int revents)
{
  if (revents & POLLOUT)
    quilt_dbus_link_flush (self);
  if (!self->failure && revents & ~POLLOUT)
    receive (self);
  for (guint i = 1;
       self->service && i < READS_MAX && !self->failure && self->stream.is_full && has_input (self);
       i++)
    receive (self);
}

/* Waits for the socket and handles its events. timeout_msec -1: no limit. */
void
quilt_dbus_link_wait (QuiltDbusLink *self, int timeout_msec)
{
  struct pollfd item = {.fd = self->stream.socket, .events = quilt_dbus_link_get_events (self)};

  if (!quilt_dbus_stream_has_output (&self->stream)) /* no received call begins here */
    item.events &= ~POLLOUT;
  if (timeout_msec < 0 && item.events == POLLIN)
    receive (self);
  else if (poll (&item, 1, timeout_msec) > 0)
    quilt_dbus_link_handle_events (self, item.revents);
}

GError *
quilt_dbus_link_new_timeout (void)
{
  return g_error_new_literal (QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_TIMED_OUT,
                              "No answer within the time limit");
}

void
quilt_dbus_link_send (QuiltDbusLink *self, const GByteArray *bytes, const int *fds, guint n_fds)
{
  if (!quilt_dbus_stream_send (&self->stream, bytes->data, bytes->len, fds, n_fds))
    fail (self, g_strerror (errno));
}

/* The next call that waits to be sent and may be sent now. */
static QuiltDbusWaiting *
find_next (QuiltDbusLink *self)
{
  QuiltDbusWaiting *call = quilt_dbus_calls_find_unsent (self->calls, FALSE);
  guint n_slow;

  if (quilt_dbus_calls_count_sent (self->calls, &n_slow) >= CALLS_MAX)
    return NULL;
  return call || n_slow >= SLOW_MAX ? call : quilt_dbus_calls_find_unsent (self->calls, TRUE);
}

/* An answer has made room for calls that wait to be sent. */
gboolean
quilt_dbus_link_send_more (QuiltDbusLink *self)
{
  QuiltDbusWaiting *call;
  gboolean any = FALSE;

  while (!self->failure && (call = find_next (self))) {
    g_autoptr (GByteArray) bytes = g_steal_pointer (&call->unsent);

    quilt_dbus_calls_begin (call);
    quilt_dbus_link_send (self, bytes, NULL, 0);
    any = TRUE;
  }
  return any;
}

/* Whether the bus would refuse one more call now. */
gboolean
quilt_dbus_link_has_to_wait (const QuiltDbusLink *self, const QuiltDbusCall *call)
{
  guint n_slow;

  return !self->is_peer && call->n_fds == 0 &&
         (quilt_dbus_calls_count_sent (self->calls, &n_slow) > CALLS_MAX ||
          (call->is_slow && n_slow > SLOW_MAX));
}

void
quilt_dbus_link_init (QuiltDbusLink *self,
                      int socket,
                      gboolean is_peer,
                      void (*on_end) (gpointer data),
                      gpointer data)
{
  quilt_dbus_stream_init (&self->stream, socket, is_peer);
  self->is_peer = is_peer;
  self->calls = quilt_dbus_calls_new ();
  self->on_end = on_end;
  self->data = data;
}

void
quilt_dbus_link_clear (QuiltDbusLink *self)
{
  quilt_dbus_stream_clear (&self->stream);
  g_queue_clear_full (&self->inbox, (GDestroyNotify)quilt_dbus_incoming_free);
  g_ptr_array_unref (self->calls);
  quilt_dbus_signals_clear (&self->signals);
  g_clear_error (&self->failure);
}
