/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of a D-Bus message bus on the default main context. It needs no threads and only GLib's
 * core. Callbacks run on the main loop, never inside a function of this file. */
#pragma once

#include "dbus/error.h"
#include "dbus/message.h"
#include "dbus/reply.h"
#include "dbus/signals.h"

typedef struct QuiltDbus QuiltDbus;

/* Connects to the bus at address (NULL: the usual address of the system bus). Returns when the bus
 * has accepted us. */
QuiltDbus *quilt_dbus_open (const char *address, GError **error);

/* As quilt_dbus_open(), over a connected socket. Takes ownership of the socket, also on failure. */
QuiltDbus *quilt_dbus_new (int socket, GError **error);

/* Closes the connection. If the connection had ended before, pending calls still get an error.
 * Otherwise their callbacks are dropped. */
void quilt_dbus_close (QuiltDbus *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltDbus, quilt_dbus_close)

/* Whether the connection has ended: the bus closed it or sent an invalid message. */
gboolean quilt_dbus_is_closed (const QuiltDbus *self);

/* All pointers are borrowed until the function that gets the call returns. */
typedef struct {
  const char *destination, *path, *interface, *method;
  GVariant *args;         /* a tuple, which may be floating; NULL: none */
  const char *reply_type; /* expected type of the reply, a tuple; any other type is an error. NULL:
                             any type */
  guint8 flags;           /* QuiltDbusFlags */
  const int *fds;         /* descriptors that the handles in args index */
  guint n_fds;
} QuiltDbusCall;

/* The reply is cleared after the callback returns. */
typedef void (*QuiltDbusReplyFunc) (QuiltDbusReply *reply, gpointer data);

/* A call that may still be waiting for its answer. All zero: no call. */
typedef struct {
  QuiltDbus *bus;
  guint32 serial;
} QuiltDbusPending;

/* Drops the callback of the call, if it has not run yet. */
void quilt_dbus_pending_clear (QuiltDbusPending *pending);

/* Calls a method. func gets the answer or the error; NULL if no answer is wanted. ret_pending: NULL
 * or unset; the caller clears it before data becomes invalid. */
void quilt_dbus_call (QuiltDbus *self,
                      const QuiltDbusCall *call,
                      QuiltDbusReplyFunc func,
                      gpointer data,
                      QuiltDbusPending *ret_pending);

/* Calls a method and waits for the answer, for at most timeout_msec (-1: no limit). Other messages
 * that arrive meanwhile wait for the main loop. ret_reply: unset; the caller clears it. */
void quilt_dbus_call_sync (QuiltDbus *self,
                           const QuiltDbusCall *call,
                           int timeout_msec,
                           QuiltDbusReply *ret_reply);

/* Calls func for each signal that matches. The subscription takes effect before any call made after
 * it. If the connection ends, no signal can arrive any more. A subscription to NameOwnerChanged of
 * one name (arg0) is then told that the name has lost its owner, if it has one. */
void quilt_dbus_subscribe (QuiltDbus *self,
                           const QuiltDbusMatch *match,
                           QuiltDbusSignalFunc func,
                           gpointer data);

/* Ends all subscriptions with this data. */
void quilt_dbus_unsubscribe (QuiltDbus *self, gpointer data);
