/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of a D-Bus message bus, on the default main context. */
#include "dbus/client.h"

#include "base/fd.h"
#include "dbus/connect.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* Bytes to read at once while the length of the next message is unknown. */
#define CHUNK (16 * 1024)

struct QuiltDbus {
  GSource source;
  gpointer watch; /* the event source of the socket; NULL after the connection has ended */
  int socket;
  guint32 serial;   /* serial number of the last message sent */
  GByteArray *in;   /* bytes read that do not form a whole message yet */
  gsize missing;    /* bytes still missing from the message in `in`; 0 if that is unknown */
  GArray *fds;      /* descriptors read that belong to messages not complete yet */
  GQueue inbox;     /* messages that wait for the main loop */
  GPtrArray *calls; /* calls without an answer yet, the oldest first */
  QuiltDbusSignals signals;
  GError *failure;   /* why the connection has ended; NULL while it is open */
  gboolean released; /* the owner has closed it; only the main loop still holds it */
};

/* A call without an answer yet. */
typedef struct {
  guint32 serial;
  char *reply_type;
  QuiltDbusReplyFunc func;
  gpointer data;
  gboolean is_sync; /* deliver the answer at once, without waiting for the main loop */
} Call;

/* A received message, or an error that ends a call. */
typedef struct {
  guint8 *data; /* the strings of message point into it */
  QuiltDbusMessage message;
  int *fds;
  GError *error;   /* if set, there is no message: only its reply_serial is valid */
  gboolean is_end; /* if TRUE, there is no message: the connection has ended */
} Incoming;

static void
close_fds (int *fds, guint n)
{
  for (guint i = 0; i < n; i++)
    quilt_fd_clear (&fds[i]);
}

static void
call_free (gpointer data)
{
  Call *self = data;

  g_free (self->reply_type);
  g_free (self);
}

static void
incoming_free (Incoming *self)
{
  if (self->message.body)
    g_variant_unref (self->message.body);
  if (self->fds)
    close_fds (self->fds, self->message.n_fds);
  g_free (self->fds);
  g_free (self->data);
  g_clear_error (&self->error);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Incoming, incoming_free)

/* Returns NULL if there is no such call. The call stays in the list. */
static Call *
find_call (const QuiltDbus *self, guint32 serial)
{
  for (guint i = 0; i < self->calls->len; i++) {
    Call *call = g_ptr_array_index (self->calls, i);

    if (call->serial == serial)
      return call;
  }
  return NULL;
}

static void
fill_reply (const Call *call, Incoming *incoming, QuiltDbusReply *reply)
{
  const QuiltDbusMessage *message = &incoming->message;

  if (incoming->error)
    reply->error = g_steal_pointer (&incoming->error);
  else if (message->type == QUILT_DBUS_ERROR_REPLY)
    reply->error = quilt_dbus_error_new_remote (message->error_name, message->body);
  else if (call->reply_type && !g_variant_is_of_type (message->body, (void *)call->reply_type))
    reply->error = g_error_new (QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_FAILED,
                                "The answer has the type '%s' instead of '%s'",
                                g_variant_get_type_string (message->body), call->reply_type);
  if (reply->error)
    return;
  reply->body = g_variant_ref (message->body);
  reply->n_fds = message->n_fds;
  reply->fds = g_steal_pointer (&incoming->fds);
}

/* Removes the call from the list, and calls its callback. */
static void
answer (QuiltDbus *self, Call *call, Incoming *incoming)
{
  g_auto (QuiltDbusReply) reply = {0};
  guint index;

  if (!g_ptr_array_find (self->calls, call, &index))
    return;
  g_ptr_array_steal_index (self->calls, index);
  fill_reply (call, incoming, &reply);
  call->func (&reply, call->data);
  call_free (call);
}

/* Runs on the main loop. */
static void
dispatch (QuiltDbus *self, Incoming *incoming)
{
  const QuiltDbusMessage *message = &incoming->message;
  Call *call = message->reply_serial ? find_call (self, message->reply_serial) : NULL;

  if (call)
    answer (self, call, incoming);
  else if (incoming->is_end && !self->released)
    quilt_dbus_signals_lose_owners (&self->signals);
  else if (message->type == QUILT_DBUS_SIGNAL && !self->released)
    quilt_dbus_signals_dispatch (&self->signals, message);
}

static void
deliver (QuiltDbus *self, Incoming *incoming)
{
  const guint32 serial = incoming->message.reply_serial;
  Call *call = serial ? find_call (self, serial) : NULL;

  if (call && call->is_sync) {
    answer (self, call, incoming);
    incoming_free (incoming);
  } else {
    g_queue_push_tail (&self->inbox, incoming);
  }
}

static void
deliver_error (QuiltDbus *self, guint32 serial, GError *error)
{
  Incoming *incoming = g_new0 (Incoming, 1);

  incoming->message.reply_serial = serial;
  incoming->error = error;
  deliver (self, incoming);
}

/* Delivers the end after all messages and answers that have arrived. */
static void
deliver_end (QuiltDbus *self)
{
  Incoming *incoming = g_new0 (Incoming, 1);

  incoming->is_end = TRUE;
  g_queue_push_tail (&self->inbox, incoming);
}

static void
fail (QuiltDbus *self, const char *why)
{
  if (self->failure)
    return;
  self->failure = g_error_new (QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_CLOSED,
                               "The connection to the bus has ended: %s", why);
  if (self->watch)
    g_source_remove_unix_fd (&self->source, self->watch);
  quilt_fd_clear (&self->socket);
  for (guint i = 0; i < self->calls->len;) {
    const Call *call = g_ptr_array_index (self->calls, i);

    i += call->is_sync ? 0 : 1; /* a synchronous call leaves the list */
    deliver_error (self, call->serial, g_error_copy (self->failure));
  }
  deliver_end (self);
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
    return find_call (self, message->reply_serial) != NULL;
  return message->type == QUILT_DBUS_SIGNAL &&
         quilt_dbus_signals_is_wanted (&self->signals, message, self->inbox.length > 0);
}

static int *
take_fds (QuiltDbus *self, guint n)
{
  int *fds = n > 0 ? g_memdup2 (self->fds->data, n * sizeof (int)) : NULL;

  if (n > 0)
    g_array_remove_range (self->fds, 0, n);
  return fds;
}

/* Returns FALSE if the message is invalid. */
static gboolean
take_message (QuiltDbus *self, const guint8 *data, gsize size)
{
  g_autoptr (Incoming) incoming = g_new0 (Incoming, 1);
  QuiltDbusMessage message;
  gboolean answers;

  if (!quilt_dbus_message_read_head (data, size, &message) || message.n_fds > self->fds->len)
    return FALSE;
  answers = is_answer (&message);
  incoming->fds = take_fds (self, message.n_fds);
  incoming->message.n_fds = message.n_fds;
  if (!is_wanted (self, &message))
    return TRUE;
  incoming->data = g_memdup2 (data, size);
  if (!quilt_dbus_message_read (incoming->data, size, &message))
    return !answers;
  incoming->message = message;
  if (!answers) { /* no callback takes a signal's descriptors */
    incoming->message.reply_serial = 0;
    if (incoming->fds)
      close_fds (incoming->fds, message.n_fds);
    g_clear_pointer (&incoming->fds, g_free);
  }
  deliver (self, g_steal_pointer (&incoming));
  return TRUE;
}

/* Takes all complete messages out of the bytes read so far. */
static void
take_messages (QuiltDbus *self)
{
  const guint8 *data = self->in->data;
  gsize at = 0;

  self->missing = 0;
  while (!self->failure && self->in->len - at >= QUILT_DBUS_START) {
    const gsize size = quilt_dbus_message_measure (data + at);

    if (size > self->in->len - at) {
      self->missing = size - (self->in->len - at);
      break;
    }
    if (size == 0 || !take_message (self, data + at, size))
      fail (self, "the bus sent an invalid D-Bus message");
    at += size;
  }
  if (self->in->len - at == 0 && self->fds->len > 0)
    fail (self, "the bus sent descriptors that belong to no message");
  g_byte_array_remove_range (self->in, 0, (guint)at);
}

/* Reads once, which may block. Returns FALSE if the connection has ended. */
static gboolean
receive (QuiltDbus *self)
{
  const guint had = self->in->len;
  const guint room = (guint)MAX (self->missing, CHUNK);
  int fds[QUILT_FDS_MAX];
  guint n_fds;
  gssize n;

  g_byte_array_set_size (self->in, had + room);
  n = quilt_fds_read (self->socket, self->in->data + had, room, fds, &n_fds);
  g_byte_array_set_size (self->in, had + (guint)MAX (n, 0));
  g_array_append_vals (self->fds, fds, n_fds);
  if (n > 0)
    return TRUE;
  fail (self, n < 0 ? g_strerror (errno) : "the bus has closed it");
  return FALSE;
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

static gboolean
on_check (GSource *source)
{
  QuiltDbus *self = (gpointer)source;

  return is_ready (self) || (!self->failure && g_source_query_unix_fd (source, self->watch));
}

static gboolean
on_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  QuiltDbus *self = (gpointer)source;

  if (!self->failure && g_source_query_unix_fd (source, self->watch) && receive (self))
    take_messages (self);
  while (is_ready (self) && !g_source_is_destroyed (source)) {
    g_autoptr (Incoming) incoming = g_queue_pop_head (&self->inbox);

    dispatch (self, incoming);
  }
  return !self->released;
}

static void
on_finalize (GSource *source)
{
  QuiltDbus *self = (gpointer)source;

  quilt_fd_clear (&self->socket);
  g_byte_array_unref (self->in);
  close_fds ((int *)(gpointer)self->fds->data, self->fds->len);
  g_array_unref (self->fds);
  g_queue_clear_full (&self->inbox, (GDestroyNotify)incoming_free);
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
  if (!self->failure || !is_ready (self))
    g_source_destroy (&self->source);
  g_source_unref (&self->source);
}

gboolean
quilt_dbus_is_closed (const QuiltDbus *self)
{
  return self->failure != NULL;
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

static Call *
add_call (QuiltDbus *self, const char *reply_type, QuiltDbusReplyFunc func, gpointer data)
{
  Call *call = g_new0 (Call, 1);

  call->serial = self->serial;
  call->reply_type = g_strdup (reply_type);
  call->func = func;
  call->data = data;
  g_ptr_array_add (self->calls, call);
  return call;
}

static void
send_call (QuiltDbus *self, const QuiltDbusCall *call, gboolean wants_answer)
{
  const guint32 serial = self->serial;
  g_autoptr (GByteArray) bytes = write_call (call, serial, wants_answer);

  if (self->failure)
    deliver_error (self, serial, g_error_copy (self->failure));
  else if (!bytes)
    deliver_error (self, serial,
                   g_error_new (QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_FAILED,
                                "Failed to call %s: D-Bus does not allow such a message",
                                call->method));
  else if (!quilt_fds_write_all (self->socket, bytes->data, bytes->len, call->fds, call->n_fds))
    fail (self, g_strerror (errno));
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
    add_call (self, call->reply_type, func, data);
  if (ret_pending)
    *ret_pending = (QuiltDbusPending){(gpointer)g_source_ref (&self->source), self->serial};
  send_call (self, call, func != NULL);
}

void
quilt_dbus_pending_clear (QuiltDbusPending *pending)
{
  Call *call = pending->bus ? find_call (pending->bus, pending->serial) : NULL;

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
    struct pollfd item = {.fd = self->socket, .events = POLLIN};

    if (timeout_msec >= 0 && (left <= 0 || poll (&item, 1, (int)left) == 0))
      deliver_error (self, serial,
                     g_error_new_literal (QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_TIMED_OUT,
                                          "No answer within the time limit"));
    else if ((timeout_msec < 0 || item.revents != 0) && receive (self))
      take_messages (self);
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
  add_call (self, call->reply_type, on_sync_reply, &wait)->is_sync = TRUE;
  send_call (self, call, TRUE);
  wait_for_reply (self, &wait, timeout_msec);
}

/* Sends the authentication and Hello without waiting for answers in between. Both common buses
 * accept that. */
static gboolean
greet (QuiltDbus *self, GError **error)
{
  static const QuiltDbusCall hello = {
      .destination = QUILT_DBUS_BUS,
      .path = QUILT_DBUS_BUS_PATH,
      .interface = QUILT_DBUS_BUS,
      .method = "Hello",
      .reply_type = "(s)",
  };
  g_autofree char *request = quilt_dbus_auth_request ();
  g_auto (QuiltDbusReply) reply = {0};
  Wait wait = {.reply = &reply};
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GByteArray) message = write_call (&hello, ++self->serial, TRUE);
  g_autoptr (GError) refusal = NULL;

  g_byte_array_append (bytes, (const guint8 *)"",
                       1); /* the kernel attaches our credentials to this byte */
  g_byte_array_append (bytes, (const guint8 *)request, (guint)strlen (request));
  g_byte_array_append (bytes, message->data, message->len);
  add_call (self, hello.reply_type, on_sync_reply, &wait)->is_sync = TRUE;
  if (!quilt_fds_write_all (self->socket, bytes->data, bytes->len, NULL, 0))
    fail (self, g_strerror (errno));
  while (!self->failure && !quilt_dbus_auth_take_answer (self->in, &refusal) && !refusal)
    receive (self);
  if (refusal) {
    g_propagate_error (error, g_steal_pointer (&refusal));
    return FALSE;
  }
  if (!self->failure)
    take_messages (self); /* messages that came with the answer */
  wait_for_reply (self, &wait, -1);
  if (reply.error)
    g_propagate_error (error, g_steal_pointer (&reply.error));
  return reply.body != NULL;
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

void
quilt_dbus_subscribe (QuiltDbus *self,
                      const QuiltDbusMatch *match,
                      QuiltDbusSignalFunc func,
                      gpointer data)
{
  quilt_dbus_signals_add (&self->signals, match, func, data);
}

void
quilt_dbus_unsubscribe (QuiltDbus *self, gpointer data)
{
  quilt_dbus_signals_remove (&self->signals, data);
}

QuiltDbus *
quilt_dbus_new (int socket, GError **error)
{
  QuiltDbus *self = (gpointer)g_source_new ((GSourceFuncs *)&source_funcs, sizeof *self);

  self->socket = socket;
  self->in = g_byte_array_new ();
  self->fds = g_array_new (FALSE, FALSE, sizeof (int));
  self->calls = g_ptr_array_new_with_free_func (call_free);
  quilt_dbus_signals_init (&self->signals, ask_bus, self);
  if (!greet (self, error)) {
    g_source_unref (&self->source);
    return NULL;
  }
  self->watch = g_source_add_unix_fd (&self->source, self->socket, G_IO_IN);
  g_source_attach (&self->source, NULL);
  return self;
}

QuiltDbus *
quilt_dbus_open (const char *address, GError **error)
{
  const int socket = quilt_dbus_connect (address, error);

  return socket >= 0 ? quilt_dbus_new (socket, error) : NULL;
}
