/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two threads, one for each direction, pass messages on: GDBus ── socket pair ── relay ── bus.
 * Calls wait here until the main thread has begun earlier ones, and the bus has taken most of what
 * was sent. Otherwise answers that wait for the bus would delay another caller's answer. */
#include "daemon/relay/relay.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/relay/message.h"
#include "daemon/relay/pass.h"
#include "daemon/relay/turns.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Messages that may wait for the bus while calls are passed on. The kernel buffers some more. */
#define SENDING_MAX 16
#define KERNEL_BYTES (16 * 1024)

/* The cost of a waiting descriptor, in bytes. */
#define DESCRIPTOR_COST (16 * 1024)

typedef struct {
  guint8 *bytes;
  gsize size;
  QuiltPassedFds *descriptors; /* NULL: none */
  QuiltActivity *activity;     /* NULL: a signal, or GDBus has the activity */
} Call;

struct QuiltBusRelay {
  GDBusConnection *connection;
  guint filter;
  GMutex lock;          /* protects turns, counts, made and sent; nobody blocks while holding it */
  GMutex sending;       /* held while sending to inside, so that messages stay whole */
  QuiltTurns *turns;    /* of Call */
  QuiltActivity *calls; /* calls that the bus has delivered, until they are released */
  gboolean counts;      /* the filter is installed */
  guint32 made,
      sent; /* serials of the last messages that GDBus has made, and that the bus has received */
  int bus;
  int inside; /* our end of the pair; GDBus has the other */
  GThread *from_bus, *to_bus;
};

static void
call_free (gpointer data)
{
  Call *self = data;

  if (self->descriptors)
    quilt_passed_fds_close (self->descriptors);
  if (self->activity)
    quilt_activity_end (self->activity);
  g_free (self->descriptors);
  g_free (self->bytes);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Call, call_free)

/* Whether a call may be passed on: not while SENDING_MAX messages of GDBus are unsent, and not
 * before the filter counts them. Serials only increase. */
static gboolean
may_pass (const QuiltBusRelay *self)
{
  return self->counts && (gint32)(self->made - self->sent) < SENDING_MAX;
}

static Call *
take_call (QuiltBusRelay *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return may_pass (self) ? quilt_turns_take (self->turns) : NULL;
}

static gboolean
is_call_due (QuiltBusRelay *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return may_pass (self) && quilt_turns_is_due (self->turns);
}

/* Takes ownership of call. self->sending must be locked. */
static void
pass_whole_call (QuiltBusRelay *self, Call *call)
{
  QuiltPassedFds none = {0};

  quilt_pass (self->inside, call->bytes, call->size, call->descriptors ? call->descriptors : &none);
  call->activity = NULL; /* on_message() attaches the end of the activity to GDBus's message */
  call_free (call);
}

/* Passes on all calls that are allowed now. If another thread is sending, leaves the calls to that
 * thread, which looks again after sending. If GDBus no longer reads, the thread of the other
 * direction ends the relay. */
static void
pass_calls (QuiltBusRelay *self)
{
  Call *call;

  do {
    if (!g_mutex_trylock (&self->sending))
      return;
    while ((call = take_call (self)))
      pass_whole_call (self, call);
    g_mutex_unlock (&self->sending);
  } while (is_call_due (self));
}

/* Keeps only the header, so that the call is answered with an error. Returns FALSE if it is
 * malformed. */
static gboolean
cut (Call *self, const QuiltBusMessage *message, guint8 flag)
{
  if (self->descriptors)
    quilt_passed_fds_close (self->descriptors);
  g_clear_pointer (&self->descriptors, g_free);
  if (message->head > self->size)
    return FALSE;
  self->size = message->head;
  if (!quilt_bus_message_cut (self->bytes, &self->size, flag))
    return FALSE;
  self->bytes = g_realloc (self->bytes, self->size);
  return TRUE;
}

static gsize
get_cost (const Call *self)
{
  return self->size + (self->descriptors ? self->descriptors->n * DESCRIPTOR_COST : 0);
}

/* Cuts a call for which there is no room. Returns FALSE if it must be dropped: there is not even
 * room to refuse it, since its caller has thousands of calls waiting; or it is a signal, or
 * malformed. */
static gboolean
make_room (QuiltBusRelay *self,
           const char *caller,
           const QuiltBusMessage *message,
           gboolean too_large,
           Call *call)
{
  if (!too_large && quilt_turns_has_room (self->turns, caller, get_cost (call), FALSE))
    return TRUE;
  return message->type == G_DBUS_MESSAGE_TYPE_METHOD_CALL &&
         cut (call, message, too_large ? QUILT_BUS_FLAG_TOO_LARGE : QUILT_BUS_FLAG_TOO_MANY) &&
         quilt_turns_has_room (self->turns, caller, get_cost (call), TRUE);
}

/* Whether the message takes turns: all do except answers to our calls and signals of the bus. Peers
 * can send us any signals, so these are treated like calls. */
static gboolean
takes_turns (guint type, const char *sender)
{
  return type == G_DBUS_MESSAGE_TYPE_METHOD_CALL ||
         (type == G_DBUS_MESSAGE_TYPE_SIGNAL && g_strcmp0 (sender, "org.freedesktop.DBus") != 0);
}

static void
pass_now (QuiltBusRelay *self, Call *call)
{
  const char *vanished = quilt_bus_message_get_vanished (call->bytes, call->size);

  g_mutex_lock (&self->lock);
  if (vanished)
    quilt_turns_forget (self->turns, vanished);
  g_mutex_unlock (&self->lock);
  g_mutex_lock (&self->sending);
  pass_whole_call (self, call);
  g_mutex_unlock (&self->sending);
  pass_calls (self);
}

static void
line_up (QuiltBusRelay *self, const QuiltBusMessage *message, gboolean too_large, Call *call)
{
  g_autofree char *sender = g_strdup (quilt_bus_message_get_sender (call->bytes, call->size));
  const char *caller = sender ? sender : "";

  if (!takes_turns (message->type, sender)) {
    pass_now (self, call);
    return;
  }
  if (message->type == G_DBUS_MESSAGE_TYPE_METHOD_CALL) {
    call->activity = self->calls;
    quilt_activity_begin (call->activity);
  }
  g_mutex_lock (&self->lock);
  if (make_room (self, caller, message, too_large, call))
    quilt_turns_push (self->turns, caller, call, get_cost (call));
  else
    call_free (call);
  g_mutex_unlock (&self->lock);
  pass_calls (self);
}

/* Reads the first bytes of a message, at most as many as a call may have. Returns NULL if the
 * connection ends. */
static Call *
read_call (QuiltBusRelay *self,
           const QuiltBusMessage *message,
           const guint8 *start,
           QuiltPassedFds *descriptors)
{
  g_autoptr (Call) call = g_new0 (Call, 1);

  call->size = MIN (message->size, QUILT_CALL_MAX);
  call->bytes = g_malloc (call->size);
  memcpy (call->bytes, start, QUILT_BUS_START);
  if (!quilt_read_exactly (self->bus, call->bytes + QUILT_BUS_START, call->size - QUILT_BUS_START,
                           descriptors))
    return NULL;
  if (descriptors->n > 0)
    call->descriptors = g_memdup2 (descriptors, sizeof *descriptors);
  descriptors->n = 0;
  return g_steal_pointer (&call);
}

static gboolean
is_too_large (const QuiltBusMessage *message, const Call *call)
{
  return call->size < message->size ||
         !quilt_bus_message_has_at_most (call->bytes, call->size, QUILT_CALL_VALUES_MAX);
}

/* Reads a call or a signal completely before passing on anything of it. */
static gboolean
read_and_line_up (QuiltBusRelay *self,
                  const QuiltBusMessage *message,
                  guint8 *chunk,
                  QuiltPassedFds *descriptors)
{
  g_autoptr (Call) call = read_call (self, message, chunk, descriptors);
  gboolean too_large;
  gsize rest;

  if (!call)
    return FALSE;
  too_large = is_too_large (message, call);
  rest = message->size - call->size;
  line_up (self, message, too_large, g_steal_pointer (&call));
  return quilt_pass_rest (self->bus, -1, chunk, rest);
}

static gboolean
is_answer (const QuiltBusMessage *message)
{
  return message->type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN ||
         message->type == G_DBUS_MESSAGE_TYPE_ERROR;
}

/* Reads the start of one message. Messages are read one by one in both directions: the kernel would
 * join two messages in one read, and descriptors of the second would seem to belong to the
 * first. */
static gboolean
read_start (int from, guint8 *chunk, QuiltBusMessage *ret_message, QuiltPassedFds *descriptors)
{
  return quilt_read_exactly (from, chunk, QUILT_BUS_START, descriptors) &&
         quilt_bus_message_measure (chunk, ret_message);
}

/* Reads as much of the message as has room in chunk, which contains its start. */
static gboolean
read_first (int from, const QuiltBusMessage *message, guint8 *chunk, QuiltPassedFds *descriptors)
{
  return quilt_read_exactly (from, chunk + QUILT_BUS_START,
                             MIN (message->size, QUILT_PASS_CHUNK) - QUILT_BUS_START, descriptors);
}

static gboolean
pass_whole (
    int from, int to, const QuiltBusMessage *message, guint8 *chunk, QuiltPassedFds *descriptors)
{
  gsize first = MIN (message->size, QUILT_PASS_CHUNK);

  return quilt_pass (to, chunk, first, descriptors) &&
         quilt_pass_rest (from, to, chunk, message->size - first);
}

static gboolean
pass_message_from_bus (QuiltBusRelay *self, guint8 *chunk)
{
  g_auto (QuiltPassedFds) descriptors = {0};
  QuiltBusMessage message;
  gboolean passed;

  if (!read_start (self->bus, chunk, &message, &descriptors))
    return FALSE;
  if (message.size > QUILT_PASS_CHUNK && message.type != G_DBUS_MESSAGE_TYPE_METHOD_CALL &&
      !is_answer (&message))
    return quilt_pass_rest (self->bus, -1, chunk, message.size - QUILT_BUS_START);
  if (!is_answer (&message))
    return read_and_line_up (self, &message, chunk, &descriptors);
  if (!read_first (self->bus, &message, chunk, &descriptors))
    return FALSE;
  g_mutex_lock (&self->sending);
  passed = pass_whole (self->bus, self->inside, &message, chunk, &descriptors);
  g_mutex_unlock (&self->sending);
  pass_calls (self);
  return passed;
}

static gboolean
pass_message_to_bus (QuiltBusRelay *self, guint8 *chunk)
{
  g_auto (QuiltPassedFds) descriptors = {0};
  QuiltBusMessage message;

  if (!read_start (self->inside, chunk, &message, &descriptors) ||
      !read_first (self->inside, &message, chunk, &descriptors) ||
      !pass_whole (self->inside, self->bus, &message, chunk, &descriptors))
    return FALSE;
  g_mutex_lock (&self->lock);
  self->sent = message.serial;
  g_mutex_unlock (&self->lock);
  pass_calls (self);
  return TRUE;
}

/* Passes on the lines of the authentication; messages follow the last line. Returns FALSE if the
 * connection ends before. */
static gboolean
pass_lines (int from, int to, const char *last, guint8 *chunk)
{
  g_auto (QuiltPassedFds) none = {0};
  gsize length = 0;

  while (length < QUILT_PASS_CHUNK && quilt_read_exactly (from, chunk + length, 1, &none)) {
    if (chunk[length++] != '\n')
      continue;
    if (!quilt_pass (to, chunk, length, &none))
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
  g_autofree guint8 *chunk = g_malloc0 (QUILT_PASS_CHUNK);
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
  g_autofree guint8 *chunk = g_malloc0 (QUILT_PASS_CHUNK);
  gboolean more = pass_lines (self->inside, self->bus, "BEGIN\r\n", chunk);

  while (more)
    more = pass_message_to_bus (self, chunk);
  shutdown (self->bus, SHUT_RDWR);
  return NULL;
}

/* Returns a blocking socket to the bus, or -1 with an error. */
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
  setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &(int){KERNEL_BYTES}, sizeof (int));
  return g_unix_set_fd_nonblocking (fd, FALSE, error) ? g_steal_fd (&fd) : -1;
}

/* Returns our end of a new socket pair, and a stream for GDBus. Returns -1 with an error. */
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

static void
relay_clear (gpointer data)
{
  QuiltBusRelay *self = data;

  quilt_turns_free (self->turns);
  quilt_activity_unref (self->calls);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->sending);
  quilt_fd_clear (&self->inside);
  quilt_fd_clear (&self->bus);
}

static void
release (gpointer self)
{
  g_atomic_rc_box_release_full (self, relay_clear);
}

/* Notes the last serial that this thread has sent; self must be locked. */
static void
note_made (QuiltBusRelay *self, GDBusConnection *bus)
{
  guint32 serial = g_dbus_connection_get_last_serial (bus);

  if ((gint32)(serial - self->made) > 0)
    self->made = serial;
}

/* GDBus passes calls to the main thread in the same way, in order. So the main thread has begun all
 * calls before this one. */
static gboolean
on_call_in_main (gpointer data)
{
  QuiltBusRelay *self = data;

  g_mutex_lock (&self->lock);
  if (self->counts) {
    note_made (self, self->connection);
    quilt_turns_done (self->turns);
  }
  g_mutex_unlock (&self->lock);
  pass_calls (self);
  return G_SOURCE_REMOVE;
}

/* Runs in GDBus's thread, which answers some calls itself. */
static GDBusMessage *
on_message (GDBusConnection *bus, GDBusMessage *message, gboolean incoming, gpointer data)
{
  QuiltBusRelay *self = data;

  if (!incoming ||
      !takes_turns (g_dbus_message_get_message_type (message), g_dbus_message_get_sender (message)))
    return message;
  g_mutex_lock (&self->lock);
  note_made (self, bus);
  g_mutex_unlock (&self->lock);
  if (g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    g_object_set_data_full (G_OBJECT (message), "quilt-call", self->calls,
                            (GDestroyNotify)quilt_activity_end);
  g_idle_add_full (G_PRIORITY_DEFAULT, on_call_in_main, g_atomic_rc_box_acquire (self), release);
  return message;
}

/* From now on counts each call, and passes calls on. */
static void
count_calls (QuiltBusRelay *self)
{
  self->filter = g_dbus_connection_add_filter (self->connection, on_message,
                                               g_atomic_rc_box_acquire (self), release);
  g_mutex_lock (&self->lock);
  self->counts = TRUE;
  g_mutex_unlock (&self->lock);
  pass_calls (self);
}

void
quilt_bus_relay_watch_callers (QuiltBusRelay *self)
{
  g_dbus_connection_call (self->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                          "org.freedesktop.DBus", "AddMatch",
                          g_variant_new ("(s)", "type='signal',sender='org.freedesktop.DBus',"
                                                "interface='org.freedesktop.DBus',"
                                                "member='NameOwnerChanged',arg2=''"),
                          NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
}

QuiltBusRelay *
quilt_bus_relay_new (GError **error)
{
  g_autoptr (QuiltBusRelay) self = g_atomic_rc_box_new0 (QuiltBusRelay);
  g_autoptr (GIOStream) stream = NULL;

  g_mutex_init (&self->lock);
  g_mutex_init (&self->sending);
  self->turns = quilt_turns_new (call_free);
  self->calls = quilt_activity_new ();
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
  if (!self->connection)
    return NULL;
  count_calls (self);
  return g_steal_pointer (&self);
}

GDBusConnection *
quilt_bus_relay_get_connection (QuiltBusRelay *self)
{
  return self->connection;
}

QuiltActivity *
quilt_bus_relay_get_calls (QuiltBusRelay *self)
{
  return self->calls;
}

void
quilt_bus_relay_free (QuiltBusRelay *self)
{
  if (self->connection) {
    g_dbus_connection_flush_sync (self->connection, NULL, NULL);
    g_dbus_connection_close_sync (self->connection, NULL, NULL);
    g_dbus_connection_remove_filter (self->connection, self->filter);
    g_mutex_lock (&self->lock);
    self->counts = FALSE;
    g_mutex_unlock (&self->lock);
  }
  /* GDBus may have closed its end before. The relay still reads everything that it sent. */
  if (self->inside >= 0)
    shutdown (self->inside, SHUT_RDWR);
  if (self->from_bus)
    g_thread_join (self->from_bus);
  if (self->to_bus)
    g_thread_join (self->to_bus);
  g_clear_object (&self->connection);
  release (self);
}
