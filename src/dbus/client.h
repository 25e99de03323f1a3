/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of a D-Bus message bus, or of a program that speaks D-Bus without a bus, on the default
 * main context. It needs no threads and only GLib's core. Callbacks run on the main loop or inside
 * quilt_dbus_iterate(), never inside another function of this file. If the other side does not
 * read, messages wait in a queue; only calls with descriptors block then. */
#pragma once

#include "dbus/error.h"
#include "dbus/link.h"
#include "dbus/message.h"
#include "dbus/reply.h"
#include "dbus/request.h"
#include "dbus/signals.h"

typedef struct QuiltDbus QuiltDbus;

/* Begins a connection over a connected socket, takes ownership of the socket, and does not wait.
 * is_peer: the other side is a program, not a bus. A peer needs no destination in calls. It sends
 * its signals unasked, and the sender of a QuiltDbusMatch is ignored. A bus wants a call of Hello
 * first: dbus/open.h does that. */
QuiltDbus *quilt_dbus_new (int socket, gboolean is_peer);

/* Closes the connection. If the connection had ended before, pending calls still get an error.
 * Otherwise their callbacks are dropped. */
void quilt_dbus_close (QuiltDbus *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltDbus, quilt_dbus_close)

/* References, for objects that outlive quilt_dbus_close(). They do not keep the connection open. */
QuiltDbus *quilt_dbus_ref (QuiltDbus *self);
void quilt_dbus_unref (QuiltDbus *self);

/* Whether the connection has ended: the bus closed it or sent an invalid message. */
gboolean quilt_dbus_is_closed (const QuiltDbus *self);

/* Calls func once when the connection has ended. */
void quilt_dbus_on_closed (QuiltDbus *self, void (*func) (gpointer data), gpointer data);

/* Skips all messages that are larger, from now on, except calls if there is a service:
 * any user of a bus may send us large signals. size: at least 64 KiB. */
void quilt_dbus_set_message_max (QuiltDbus *self, gsize size);

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

/* For programs without a main loop: waits for messages, for at most timeout_msec (-1: no limit),
 * and calls their callbacks. Returns FALSE if the connection has ended. */
gboolean quilt_dbus_iterate (QuiltDbus *self, int timeout_msec);

/* Calls func for each signal that matches. The subscription takes effect before any call made after
 * it. If the connection ends, no signal can arrive any more. A subscription to NameOwnerChanged of
 * one name (arg0) is then told that the name has lost its owner, if it has one. */
void quilt_dbus_subscribe (QuiltDbus *self,
                           const QuiltDbusMatch *match,
                           QuiltDbusSignalFunc func,
                           gpointer data);

/* Ends all subscriptions with this data. */
void quilt_dbus_unsubscribe (QuiltDbus *self, gpointer data);

/* From now on passes received calls to service, on the main loop; without this, they are ignored.
 * While messages wait for the bus, no call begins. Of a call larger than call_max bytes, service
 * gets only the head. service: NULL stops that; see dbus/server/service.h. */
void quilt_dbus_set_service (QuiltDbus *self,
                             const QuiltDbusServing *service,
                             gsize call_max,
                             gpointer data);

/* Sends an answer or a signal; sets the serial. The message is written before the main loop waits
 * the next time, in the order of all messages. Takes ownership of fds (message->n_fds descriptors)
 * and of that array; NULL: none. Only for a connection that serves calls. */
void quilt_dbus_send (QuiltDbus *self, const QuiltDbusMessage *message, int *fds);

/* Writes all messages that were sent, and waits for the bus, for at most timeout_msec (-1: no
 * limit) in which it reads nothing. */
void quilt_dbus_drain (QuiltDbus *self, int timeout_msec);
