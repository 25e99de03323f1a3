/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of a D-Bus message bus or of a peer, on the default main context. */
#include "dbus/client.h"

#include "base/fd.h"
#include "dbus/link.h"

#include <poll.h>
#include <sys/socket.h>

/* The bytes that the kernel keeps for a bus that does not read. Answers to other callers would have
 * to wait behind them. */
#define KERNEL_BYTES (16 * 1024)

struct QuiltDbus {
  GSource source;
  gpointer watch; /* the event source of the socket */
  short watched;  /* the events that it waits for */
  QuiltDbusLink link;
  guint32 serial;    /* of the last message that was sent */
  gboolean released; /* the owner has closed it; only the main loop still holds it */
  void (*on_closed) (gpointer data);
  gpointer on_closed_data;
};

static void
tell_end (QuiltDbus *self)
{
  quilt_dbus_signals_lose_owners (&self->link.signals);
  if (self->on_closed && !self->released)
    self->on_closed (self->on_closed_data);
}

/* Lets the main loop wait for room in the socket if messages are queued. */
static void
watch (QuiltDbus *self)
{
  const short events = quilt_dbus_link_get_events (&self->link);

  if (self->link.failure || self->released || events == self->watched)
    return; /* each change wakes the main loop up */
  self->watched = events;
  g_source_modify_unix_fd (&self->source, self->watch, (GIOCondition)events);
}

/* Ends the calls that have reached their deadline, and sets the main loop's timer to the next. A
 * call that waits to be sent has none yet. */
static void
check_deadlines (QuiltDbus *self)
{
  const gint64 now = g_get_monotonic_time ();
  gint64 next = -1;

  for (guint i = 0; i < self->link.calls->len; i++) {
    QuiltDbusWaiting *call = g_ptr_array_index (self->link.calls, i);

    if (call->deadline && call->deadline <= now) {
      call->deadline = 0;
      quilt_dbus_link_deliver_error (&self->link, call->serial, quilt_dbus_link_new_timeout ());
    } else if (call->deadline && (next < 0 || call->deadline < next)) {
      next = call->deadline;
    }
  }
  g_source_set_ready_time (&self->source, next);
}

/* Writes what was queued since the main loop waited last. */
static gboolean
on_prepare (GSource *source, int *timeout)
{
  QuiltDbus *self = (gpointer)source;

  *timeout = -1;
  if (!self->link.failure && quilt_dbus_stream_has_output (&self->link.stream))
    quilt_dbus_link_flush (&self->link);
  watch (self);
  return self->link.inbox.length > 0;
}

static int
get_revents (QuiltDbus *self)
{
  return self->link.failure ? 0 : (int)g_source_query_unix_fd (&self->source, self->watch);
}

static gboolean
on_check (GSource *source)
{
  QuiltDbus *self = (gpointer)source;

  return self->link.inbox.length > 0 || get_revents (self) != 0;
}

/* Runs on the main loop. */
static void
dispatch (QuiltDbus *self, QuiltDbusIncoming *incoming)
{
  const QuiltDbusMessage *message = &incoming->message;
  QuiltDbusWaiting *call = message->reply_serial
                               ? quilt_dbus_calls_find (self->link.calls, message->reply_serial)
                               : NULL;

  if (call) {
    quilt_dbus_calls_answer (self->link.calls, call, incoming);
    if (quilt_dbus_link_send_more (&self->link))
      check_deadlines (self);
  } else if (incoming->is_end && !self->released)
    tell_end (self);
  else if (message->type == QUILT_DBUS_SIGNAL && !self->released)
    quilt_dbus_signals_dispatch (&self->link.signals, message);
}

static void
dispatch_inbox (QuiltDbus *self)
{
  while (self->link.inbox.length > 0 && !g_source_is_destroyed (&self->source)) {
    g_autoptr (QuiltDbusIncoming) incoming = g_queue_pop_head (&self->link.inbox);

    dispatch (self, incoming);
  }
}

static gboolean
on_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  QuiltDbus *self = (gpointer)source;
  const gint64 ready_time = g_source_get_ready_time (source);

  quilt_dbus_link_handle_events (&self->link, get_revents (self));
  if (ready_time >= 0 && ready_time <= g_source_get_time (source))
    check_deadlines (self);
  dispatch_inbox (self);
  if (quilt_dbus_link_may_begin_call (&self->link))
    self->link.service->run (self->link.service_data);
  watch (self);
  return !self->released;
}

static void
on_finalize (GSource *source)
{
  QuiltDbus *self = (gpointer)source;

  quilt_dbus_link_clear (&self->link);
}

static const GSourceFuncs source_funcs = {
    .prepare = on_prepare, .check = on_check, .dispatch = on_dispatch, .finalize = on_finalize};

void
quilt_dbus_close (QuiltDbus *self)
{
  self->released = TRUE;
  quilt_dbus_set_service (self, NULL, 0, NULL);
  if (!self->link.failure || self->link.inbox.length == 0)
    g_source_destroy (&self->source);
  if (!self->link.failure)
    quilt_dbus_stream_close (&self->link.stream); /* others may hold references */
  g_source_unref (&self->source);
}

QuiltDbus *
quilt_dbus_ref (QuiltDbus *self)
{
  g_source_ref (&self->source);
  return self;
}

void
quilt_dbus_unref (QuiltDbus *self)
{
  g_source_unref (&self->source);
}

gboolean
quilt_dbus_is_closed (const QuiltDbus *self)
{
  return self->link.failure != NULL;
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
  self->link.stream.message_max = size;
}

void
quilt_dbus_set_service (QuiltDbus *self,
                        const QuiltDbusServing *service,
                        gsize call_max,
                        gpointer data)
{
  const int kernel_bytes = KERNEL_BYTES;

  if (self->link.service)
    self->link.service->end (self->link.service_data);
  self->link.service = service;
  self->link.service_data = data;
  self->link.stream.call_max = call_max;
  if (service)
    setsockopt (self->link.stream.socket, SOL_SOCKET, SO_SNDBUF, &kernel_bytes,
                sizeof kernel_bytes);
}

void
quilt_dbus_send (QuiltDbus *self, const QuiltDbusMessage *message, int *fds)
{
  QuiltDbusMessage copy = *message;
  g_autoptr (GByteArray) bytes = NULL;

  copy.serial = ++self->serial;
  bytes = quilt_dbus_message_write (&copy);
  if (bytes && !self->link.failure && !self->released) {
    quilt_dbus_stream_queue (&self->link.stream, bytes->data, bytes->len, fds, copy.n_fds);
    return;
  }
  if (!bytes)
    g_critical ("Failed to send a message of %u: D-Bus does not allow it", message->type);
  for (guint i = 0; fds && i < copy.n_fds; i++)
    quilt_fd_clear (&fds[i]);
  g_free (fds);
}

void
quilt_dbus_drain (QuiltDbus *self, int timeout_msec)
{
  if (!self->link.failure)
    quilt_dbus_stream_drain (&self->link.stream, timeout_msec);
}

static void
set_timer (QuiltDbus *self, gint64 deadline)
{
  const gint64 next = g_source_get_ready_time (&self->source);

  if (deadline > 0 && (next < 0 || deadline < next))
    g_source_set_ready_time (&self->source, deadline);
}

static void
send_call (QuiltDbus *self, const QuiltDbusCall *call, gboolean wants_answer)
{
  const guint32 serial = self->serial;
  QuiltDbusWaiting *waiting =
      wants_answer ? quilt_dbus_calls_find (self->link.calls, serial) : NULL;
  g_autoptr (GByteArray) bytes = quilt_dbus_request_write (call, serial, wants_answer);

  if (self->link.failure)
    quilt_dbus_link_deliver_error (&self->link, serial, g_error_copy (self->link.failure));
  else if (!bytes)
    quilt_dbus_link_deliver_error (
        &self->link, serial,
        g_error_new (QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_FAILED,
                     "Failed to call %s: D-Bus does not allow such a message", call->method));
  else if (waiting && !waiting->is_sync && quilt_dbus_link_has_to_wait (&self->link, call))
    waiting->unsent = g_steal_pointer (&bytes);
  else {
    set_timer (self, waiting ? quilt_dbus_calls_begin (waiting) : 0);
    quilt_dbus_link_send (&self->link, bytes, call->fds, call->n_fds);
  }
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
  if (func) {
    QuiltDbusWaiting *waiting =
        quilt_dbus_calls_add (self->link.calls, self->serial, call->reply_type, func, data);

    waiting->is_slow = call->is_slow;
    waiting->timeout_sec = call->timeout_sec;
  }
  if (ret_pending)
    *ret_pending = (QuiltDbusPending){(gpointer)g_source_ref (&self->source), self->serial};
  send_call (self, call, func != NULL);
}

void
quilt_dbus_pending_clear (QuiltDbusPending *pending)
{
  QuiltDbusWaiting *call =
      pending->bus ? quilt_dbus_calls_find (pending->bus->link.calls, pending->serial) : NULL;

  if (call)
    g_ptr_array_remove (pending->bus->link.calls, call);
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
      quilt_dbus_link_deliver_error (&self->link, serial, quilt_dbus_link_new_timeout ());
    else
      quilt_dbus_link_wait (&self->link, (int)left);
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
  quilt_dbus_calls_add (self->link.calls, self->serial, call->reply_type, on_sync_reply, &wait)
      ->is_sync = TRUE;
  send_call (self, call, TRUE);
  wait_for_reply (self, &wait, timeout_msec);
}

gboolean
quilt_dbus_iterate (QuiltDbus *self, int timeout_msec)
{
  if (self->link.inbox.length == 0 && !self->link.failure)
    quilt_dbus_link_wait (&self->link, timeout_msec);
  dispatch_inbox (self);
  return !self->link.failure;
}

void
quilt_dbus_subscribe (QuiltDbus *self,
                      const QuiltDbusMatch *match,
                      QuiltDbusSignalFunc func,
                      gpointer data)
{
  QuiltDbusMatch copy = *match;

  if (self->link.is_peer)
    copy.sender = NULL; /* only the peer can send us signals, with any name as the sender */
  quilt_dbus_signals_add (&self->link.signals, &copy, func, data);
}

void
quilt_dbus_unsubscribe (QuiltDbus *self, gpointer data)
{
  quilt_dbus_signals_remove (&self->link.signals, data);
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

static void
on_end (gpointer data)
{
  QuiltDbus *self = data;

  g_source_remove_unix_fd (&self->source, self->watch);
}

QuiltDbus *
quilt_dbus_new (int socket, gboolean is_peer)
{
  QuiltDbus *self = (gpointer)g_source_new ((GSourceFuncs *)&source_funcs, sizeof *self);

  quilt_dbus_link_init (&self->link, socket, is_peer, on_end, self);
  quilt_dbus_signals_init (&self->link.signals, is_peer ? ask_nobody : ask_bus, self);
  self->watched = POLLIN;
  self->watch = g_source_add_unix_fd (&self->source, socket, G_IO_IN);
  g_source_attach (&self->source, NULL);
  if (is_peer)
    quilt_dbus_link_flush (&self->link); /* the peer authenticates us meanwhile */
  watch (self);
  return self;
}
