/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of a D-Bus message bus, on the default main context: no threads, and GLib's core alone.
 * Callbacks run on the main loop, never within the functions here. */
#pragma once

#include "dbus/error.h"
#include "dbus/message.h"
#include "dbus/reply.h"
#include "dbus/signals.h"

typedef struct QuiltDbus QuiltDbus;

/* Connects to the bus at address (NULL: the system bus's usual one) and waits until the bus knows
 * us. */
QuiltDbus *quilt_dbus_open (const char *address, GError **error);

/* The same over a connected socket, which is taken in any case. */
QuiltDbus *quilt_dbus_new (int socket, GError **error);

/* Gives up the connection. If it has ended by itself, calls that are not answered are still told
 * so; if not, their callbacks are dropped. */
void quilt_dbus_close (QuiltDbus *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltDbus, quilt_dbus_close)

/* The bus has closed the connection, or sent what is no D-Bus. */
gboolean quilt_dbus_is_closed (const QuiltDbus *self);

/* Everything is borrowed for the time of the function that gets it. */
typedef struct {
  const char *destination, *path, *interface, *method;
  GVariant *args;         /* a tuple, which may be floating; NULL: none */
  const char *reply_type; /* of a tuple; an answer of another type is an error. NULL: any */
  guint8 flags;           /* QuiltDbusFlags */
  const int *fds;         /* what handles in args are the indexes of */
  guint n_fds;
} QuiltDbusCall;

/* The reply is cleared afterwards. */
typedef void (*QuiltDbusReplyFunc) (QuiltDbusReply *reply, gpointer data);

/* A call that may not have been answered yet. All zero: none. */
typedef struct {
  QuiltDbus *bus;
  guint32 serial;
} QuiltDbusPending;

/* From now on the callback of this call is not called. */
void quilt_dbus_pending_clear (QuiltDbusPending *pending);

/* Calls a method. func: NULL, if no answer is wanted; it is told of each failure too. ret_pending:
 * NULL, or unset, to be cleared before data is gone. */
void quilt_dbus_call (QuiltDbus *self,
                      const QuiltDbusCall *call,
                      QuiltDbusReplyFunc func,
                      gpointer data,
                      QuiltDbusPending *ret_pending);

/* Calls a method and waits for the answer, at most so long (-1: for ever). What else comes
 * meanwhile waits for the main loop. ret_reply: unset, to be cleared by the caller. */
void quilt_dbus_call_sync (QuiltDbus *self,
                           const QuiltDbusCall *call,
                           int timeout_msec,
                           QuiltDbusReply *ret_reply);

/* From now on func is called for each such signal. It is in force before calls that follow are. */
void quilt_dbus_subscribe (QuiltDbus *self,
                           const QuiltDbusMatch *match,
                           QuiltDbusSignalFunc func,
                           gpointer data);

/* Ends all subscriptions with this data. */
void quilt_dbus_unsubscribe (QuiltDbus *self, gpointer data);
