/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of a D-Bus message bus or of a peer, on the default main context. */
#include "dbus/client.h"

#include "base/fd.h"
#include "dbus/calls.h"
#include "dbus/stream.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* dbus-daemon refuses the 129th call of a connection that it has not answered yet. */
#define CALLS_MAX 96

struct QuiltDbus {
  GSource source;
  gpointer watch; /* the event source of the socket; NULL after the connection has ended */
  short watched;  /* the events that it waits for */
  QuiltDbusStream stream;
  gboolean is_peer; /* the other side is no bus */
  guint32 serial;   /* of the last message that was sent */
  GQueue inbox;     /* messages that wait for the main loop */
  GPtrArray *calls; /* calls without an answer yet, the oldest first */
  QuiltDbusSignals signals;
  GError *failure;   /* why the connection has ended; NULL while it is open */
  gboolean released; /* the owner has closed it; only the main loop still holds it */
  void (*on_closed) (gpointer data);
  gpointer on_closed_data;
};

static void
tell_end (QuiltDbus *self)
{
  quilt_dbus_signals_lose_owners (&self->signals);
  if (self->on_closed && !self->released)
    self->on_closed (self->on_closed_data);
}

static void
deliver (QuiltDbus *self, QuiltDbusIncoming *incoming)
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

static void
deliver_error (QuiltDbus *self, guint32 serial, GError *error)
{
  QuiltDbusIncoming *incoming = g_new0 (QuiltDbusIncoming, 1);

  incoming->message.reply_serial = serial;
  incoming->error = error;
  deliver (self, incoming);
}

/* Delivers the end after all messages and answers that have arrived. */
static void
deliver_end (QuiltDbus *self)
{
  QuiltDbusIncoming *incoming = g_new0 (QuiltDbusIncoming, 1);

  incoming->is_end = TRUE;
  g_queue_push_tail (&self->inbox, incoming);
}

/* Ends the connection. Takes ownership of error. */
static void
end (QuiltDbus *self, GError *error)
{
  self->failure = error;
  g_source_remove_unix_fd (&self->source, self->watch);
  quilt_dbus_stream_close (&self->stream);
  for (guint i = 0; i < self->calls->len;) {
    const QuiltDbusWaiting *call = g_ptr_array_index (self->calls, i);

    i += call->is_sync ? 0 : 1; /* a synchronous call leaves the list */
    deliver_error (self, call->serial, g_error_copy (self->failure));
  }
  deliver_end (self);
}

static void
fail (QuiltDbus *self, const char *why)
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
is_wanted (QuiltDbus *self, const QuiltDbusMessage *message)
{
  if (is_answer (message))
    return quilt_dbus_calls_find (self->calls, message->reply_serial) != NULL;
  return message->type == QUILT_DBUS_SIGNAL &&
         quilt_dbus_signals_is_wanted (&self->signals, message, self->inbox.length > 0);
}

/* Returns FALSE if the message is invalid. */
static gboolean
take_message (QuiltDbus *self, const guint8 *data, gsize size)
{
  g_autoptr (QuiltDbusIncoming) incoming = g_new0 (QuiltDbusIncoming, 1);
  QuiltDbusMessage message;
  gboolean answers;

  if (!quilt_dbus_message_read_head (data, size, &message) || message.n_fds > self->stream.fds->len)
    return FALSE;
  answers = is_answer (&message);
  incoming->fds = quilt_dbus_stream_take_fds (&self->stream, message.n_fds);
  incoming->message.n_fds = message.n_fds;
  if (!is_wanted (self, &message))
    return TRUE;
  incoming->data = g_memdup2 (data, size);
  if (!quilt_dbus_message_read (incoming->data, size, &message))
    return !answers;
  incoming->message = message;
  if (!answers) { /* no callback takes a signal's descriptors */
    incoming->message.reply_serial = 0;
    for (guint i = 0; i < message.n_fds; i++)
      quilt_fd_clear (&incoming->fds[i]);
    g_clear_pointer (&incoming->fds, g_free);
  }
  deliver (self, g_steal_pointer (&incoming));
  return TRUE;
}

/* Takes all complete messages out of the bytes read so far. */
static void
take_messages (QuiltDbus *self)
{
  g_autoptr (GError) error = NULL;
  QuiltDbusStreamResult result = QUILT_DBUS_STREAM_MESSAGE;
  const guint8 *data;
  gsize size;

  while (!self->failure && result == QUILT_DBUS_STREAM_MESSAGE) {
    result = quilt_dbus_stream_next (&self->stream, &data, &size, &error);
    if (result == QUILT_DBUS_STREAM_BROKEN)
      end (self, g_steal_pointer (&error));
    else if (result == QUILT_DBUS_STREAM_MESSAGE && !take_message (self, data, size))
      fail (self, "the bus sent an invalid D-Bus message");
  }
}

static void
flush (QuiltDbus *self)
{
  if (!quilt_dbus_stream_flush (&self->stream))
    fail (self, g_strerror (errno));
}

/* Reads once, which may block, and takes all complete messages. */
static void
receive (QuiltDbus *self)
{
  g_autoptr (GError) error = NULL;

  if (quilt_dbus_stream_receive (&self->stream, &error))
    take_messages (self);
  else
    end (self, g_steal_pointer (&error));
  if (!self->failure && quilt_dbus_stream_has_output (&self->stream))
    flush (self); /* it may have waited for what was read */
}

static short
get_events (const QuiltDbus *self)
{
  return quilt_dbus_stream_has_output (&self->stream) ? POLLIN | POLLOUT : POLLIN;
}

/* Lets the main loop wait for room in the socket if messages are queued. */
static void
watch (QuiltDbus *self)
{
  const short events = get_events (self);

  if (self->failure || self->released || events == self->watched)
    return; /* each change wakes the main loop up */
  self->watched = events;
  g_source_modify_unix_fd (&self->source, self->watch, (GIOCondition)events);
}

/* revents: the events that poll(2) found. */
static void
handle_events (QuiltDbus *self, int revents)
{
  if (revents & POLLOUT)
    flush (self);
  if (!self->failure && revents & ~POLLOUT)
    receive (self);
}

/* Waits for the socket and handles its events. timeout_msec -1: no limit. */
static void
wait_for_socket (QuiltDbus *self, int timeout_msec)
{
  struct pollfd item = {.fd = self->stream.socket, .events = get_events (self)};

  if (timeout_msec < 0 && item.events == POLLIN)
    receive (self);
  else if (poll (&item, 1, timeout_msec) > 0)
    handle_events (self, item.revents);
}

static GError *
new_timeout (void)
{
  return g_error_new_literal (QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_TIMED_OUT,
                              "No answer within the time limit");
}

/* Ends the calls that have reached their deadline, and sets the main loop's timer to the next. */
static void
check_deadlines (QuiltDbus *self)
{
  const gint64 now = g_get_monotonic_time ();
  gint64 next = -1;

  for (guint i = 0; i < self->calls->len; i++) {
    QuiltDbusWaiting *call = g_ptr_array_index (self->calls, i);

    if (call->deadline && call->deadline <= now) {
      call->deadline = 0;
      deliver_error (self, call->serial, new_timeout ());
    } else if (call->deadline && (next < 0 || call->deadline < next)) {
      next = call->deadline;
    }
  }
  g_source_set_ready_time (&self->source, next);
}

static gboolean
is_ready (const QuiltDbus *self)
{
  return self->inbox.length > 0;
}

static gboolean
on_prepare (GSource *source, int *timeout)
{
  *timeout = -1;
  return is_ready ((QuiltDbus *)(gpointer)source);
}

static int
get_revents (QuiltDbus *self)
{
  return self->failure ? 0 : (int)g_source_query_unix_fd (&self->source, self->watch);
}

static gboolean
on_check (GSource *source)
{
  QuiltDbus *self = (gpointer)source;

  return is_ready (self) || get_revents (self) != 0;
}

static void
send_bytes (QuiltDbus *self, const GByteArray *bytes, const int *fds, guint n_fds)
{
  if (!quilt_dbus_stream_send (&self->stream, bytes->data, bytes->len, fds, n_fds))
    fail (self, g_strerror (errno));
}

/* An answer has made room for calls that wait to be sent. */
static void
send_more (QuiltDbus *self)
{
  QuiltDbusWaiting *call;

  while (!self->failure && (call = quilt_dbus_calls_find_unsent (self->calls)) &&
         quilt_dbus_calls_count_sent (self->calls) < CALLS_MAX) {
    g_autoptr (GByteArray) bytes = g_steal_pointer (&call->unsent);

    send_bytes (self, bytes, NULL, 0);
  }
}

/* Runs on the main loop. */
static void
dispatch (QuiltDbus *self, QuiltDbusIncoming *incoming)
{
  const QuiltDbusMessage *message = &incoming->message;
  QuiltDbusWaiting *call =
      message->reply_serial ? quilt_dbus_calls_find (self->calls, message->reply_serial) : NULL;

  if (call) {
    quilt_dbus_calls_answer (self->calls, call, incoming);
    send_more (self);
  } else if (incoming->is_end && !self->released)
    tell_end (self);
  else if (message->type == QUILT_DBUS_SIGNAL && !self->released)
    quilt_dbus_signals_dispatch (&self->signals, message);
}

static void
dispatch_inbox (QuiltDbus *self)
{
  while (self->inbox.length > 0 && !g_source_is_destroyed (&self->source)) {
    g_autoptr (QuiltDbusIncoming) incoming = g_queue_pop_head (&self->inbox);

    dispatch (self, incoming);
  }
}

static gboolean
on_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  QuiltDbus *self = (gpointer)source;
  const gint64 ready_time = g_source_get_ready_time (source);

  handle_events (self, get_revents (self));
  if (ready_time >= 0 && ready_time <= g_source_get_time (source))
    check_deadlines (self);
  dispatch_inbox (self);
  watch (self);
  return !self->released;
}

static void
on_finalize (GSource *source)
{
  QuiltDbus *self = (gpointer)source;

  quilt_dbus_stream_clear (&self->stream);
  g_queue_clear_full (&self->inbox, (GDestroyNotify)quilt_dbus_incoming_free);
  g_ptr_array_unref (self->calls);
  quilt_dbus_signals_clear (&self->signals);
  g_clear_error (&self->failure);
}

static const GSourceFuncs source_funcs = {
    .prepare = on_prepare, .check = on_check, .dispatch = on_dispatch, .finalize = on_finalize};

void
quilt_dbus_close (QuiltDbus *self)
{
  self->released = TRUE;
  if (!self->failure || self->inbox.length == 0)
    g_source_destroy (&self->source);
  g_source_unref (&self->source);
}

gboolean
quilt_dbus_is_closed (const QuiltDbus *self)
{
  return self->failure != NULL;
}

void
quilt_dbus_on_closed (QuiltDbus *self, void (*func) (gpointer data), gpointer data)
{
  self->on_closed = func;
  self->on_closed_data = data;
}

void
quilt_dbus_set_message_max (QuiltDbus *self, gsize size)
{
  self->stream.message_max = size;
}

static GByteArray *
write_call (const QuiltDbusCall *call, guint32 serial, gboolean wants_answer)
{
  g_autoptr (GVariant) args = call->args ? g_variant_ref_sink (call->args) : NULL;
  const QuiltDbusMessage message = {
      .type = QUILT_DBUS_CALL,
      .flags = call->flags | (wants_answer ? 0 : QUILT_DBUS_NO_REPLY_EXPECTED),
      .serial = serial,
      .n_fds = call->n_fds,
      .path = call->path,
      .interface = call->interface,
      .member = call->method,
      .destination = call->destination,
      .body = args,
  };

  return quilt_dbus_message_write (&message);
}

static void
set_deadline (QuiltDbus *self, QuiltDbusWaiting *call, guint timeout_sec)
{
  const gint64 next = g_source_get_ready_time (&self->source);

  if (timeout_sec == 0)
    return;
  call->deadline = g_get_monotonic_time () + timeout_sec * G_USEC_PER_SEC;
  if (next < 0 || call->deadline < next)
    g_source_set_ready_time (&self->source, call->deadline);
}

/* Whether the bus would refuse one more call now. */
static gboolean
has_to_wait (const QuiltDbus *self, const QuiltDbusCall *call)
{
  return !self->is_peer && call->n_fds == 0 &&
         quilt_dbus_calls_count_sent (self->calls) > CALLS_MAX;
}

static void
send_call (QuiltDbus *self, const QuiltDbusCall *call, gboolean wants_answer)
{
  const guint32 serial = self->serial;
  QuiltDbusWaiting *waiting = wants_answer ? quilt_dbus_calls_find (self->calls, serial) : NULL;
  g_autoptr (GByteArray) bytes = write_call (call, serial, wants_answer);

  if (self->failure)
    deliver_error (self, serial, g_error_copy (self->failure));
  else if (!bytes)
    deliver_error (self, serial,
                   g_error_new (QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_FAILED,
                                "Failed to call %s: D-Bus does not allow such a message",
                                call->method));
  else if (waiting && !waiting->is_sync && has_to_wait (self, call))
    waiting->unsent = g_steal_pointer (&bytes);
  else
    send_bytes (self, bytes, call->fds, call->n_fds);
  watch (self);
}

void
quilt_dbus_call (QuiltDbus *self,
                 const QuiltDbusCall *call,
                 QuiltDbusReplyFunc func,
                 gpointer data,
                 QuiltDbusPending *ret_pending)
{
  self->serial++;
  if (func)
    set_deadline (self,
                  quilt_dbus_calls_add (self->calls, self->serial, call->reply_type, func, data),
                  call->timeout_sec);
  if (ret_pending)
    *ret_pending = (QuiltDbusPending){(gpointer)g_source_ref (&self->source), self->serial};
  send_call (self, call, func != NULL);
}

void
quilt_dbus_pending_clear (QuiltDbusPending *pending)
{
  QuiltDbusWaiting *call =
      pending->bus ? quilt_dbus_calls_find (pending->bus->calls, pending->serial) : NULL;

  if (call)
    g_ptr_array_remove (pending->bus->calls, call);
  if (pending->bus)
    g_source_unref (&pending->bus->source);
  *pending = (QuiltDbusPending){0};
}

typedef struct {
  QuiltDbusReply *reply;
  gboolean done;
} Wait;

static void
on_sync_reply (QuiltDbusReply *reply, gpointer data)
{
  Wait *wait = data;

  *wait->reply = *reply;
  *reply = (QuiltDbusReply){0};
  wait->done = TRUE;
}

/* Waits for the answer to the last call that was added. */
static void
wait_for_reply (QuiltDbus *self, const Wait *wait, int timeout_msec)
{
  const guint32 serial = self->serial;
  const gint64 end = g_get_monotonic_time () + (gint64)timeout_msec * 1000;

  while (!wait->done) {
    const gint64 left = timeout_msec < 0 ? -1 : (end - g_get_monotonic_time () + 999) / 1000;

    if (timeout_msec >= 0 && left <= 0)
      deliver_error (self, serial, new_timeout ());
    else
      wait_for_socket (self, (int)left);
  }
}

void
quilt_dbus_call_sync (QuiltDbus *self,
                      const QuiltDbusCall *call,
                      int timeout_msec,
                      QuiltDbusReply *ret_reply)
{
  Wait wait = {.reply = ret_reply};

  self->serial++;
  quilt_dbus_calls_add (self->calls, self->serial, call->reply_type, on_sync_reply, &wait)
      ->is_sync = TRUE;
  send_call (self, call, TRUE);
  wait_for_reply (self, &wait, timeout_msec);
}

gboolean
quilt_dbus_iterate (QuiltDbus *self, int timeout_msec)
{
  if (self->inbox.length == 0 && !self->failure)
    wait_for_socket (self, timeout_msec);
  dispatch_inbox (self);
  return !self->failure;
}

static void
on_owner (QuiltDbusReply *reply, gpointer data)
{
  QuiltDbusOwner *owner = data;

  if (!reply->body)
    return; /* the name has no owner */
  g_free (owner->unique);
  g_variant_get (reply->body, "(s)", &owner->unique);
}

/* The bus answers in the order of our messages. So we know a name's owner before a signal arrives
 * that a later call causes. */
static void
ask_bus (const char *method, const char *arg, QuiltDbusOwner *owner, gpointer data)
{
  const QuiltDbusCall call = {
      .destination = QUILT_DBUS_BUS,
      .path = QUILT_DBUS_BUS_PATH,
      .interface = QUILT_DBUS_BUS,
      .method = method,
      .args = g_variant_new ("(s)", arg),
      .reply_type = owner ? "(s)" : NULL,
  };

  quilt_dbus_call (data, &call, owner ? on_owner : NULL, owner, NULL);
}

/* A peer has no match rules and no names. */
static void
ask_nobody (const char *method, const char *arg, QuiltDbusOwner *owner, gpointer data)
{
}

void
quilt_dbus_subscribe (QuiltDbus *self,
                      const QuiltDbusMatch *match,
                      QuiltDbusSignalFunc func,
                      gpointer data)
{
  QuiltDbusMatch copy = *match;

  if (self->is_peer)
    copy.sender = NULL; /* only the peer can send us signals, with any name as the sender */
  quilt_dbus_signals_add (&self->signals, &copy, func, data);
}

void
quilt_dbus_unsubscribe (QuiltDbus *self, gpointer data)
{
  quilt_dbus_signals_remove (&self->signals, data);
}

QuiltDbus *
quilt_dbus_new (int socket, gboolean is_peer)
{
  QuiltDbus *self = (gpointer)g_source_new ((GSourceFuncs *)&source_funcs, sizeof *self);

  quilt_dbus_stream_init (&self->stream, socket, is_peer);
  self->is_peer = is_peer;
  self->calls = quilt_dbus_calls_new ();
  quilt_dbus_signals_init (&self->signals, is_peer ? ask_nobody : ask_bus, self);
  self->watched = POLLIN;
  self->watch = g_source_add_unix_fd (&self->source, socket, G_IO_IN);
  g_source_attach (&self->source, NULL);
  if (is_peer)
    flush (self); /* the peer authenticates us meanwhile */
  watch (self);
  return self;
}
