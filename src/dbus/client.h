/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of a D-Bus message bus, on the default main context: no threads, and GLib's core alone.
 * Callbacks run on the main loop, never within the functions here. */
#pragma once

#include "dbus/error.h"
#include "dbus/message.h"

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

/* The answer to a call. */
typedef struct {
  GVariant *body; /* NULL: error is set */
  GError *error;
  int *fds; /* what handles in body are the indexes of; set those to -1 that you keep */
  guint n_fds;
} QuiltDbusReply;

void quilt_dbus_reply_clear (QuiltDbusReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltDbusReply, quilt_dbus_reply_clear)

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

/* Which signals are wanted (D-Bus Specification, "Match Rules"). */
typedef struct {
  const char *sender; /* if that is a name which others may get, only its owner is heard */
  const char *interface;
  const char *member;
  const char *path;      /* NULL: any */
  const char *arg0;      /* a string that is the first argument; NULL: any */
  const char *arg0_path; /* the same of an object path */
} QuiltDbusMatch;

typedef void (*QuiltDbusSignalFunc) (const char *path, GVariant *args, gpointer data);

/* From now on func is called for each such signal. It is in force before calls that follow are. */
void quilt_dbus_subscribe (QuiltDbus *self,
                           const QuiltDbusMatch *match,
                           QuiltDbusSignalFunc func,
                           gpointer data);

/* Ends all subscriptions with this data. */
void quilt_dbus_unsubscribe (QuiltDbus *self, gpointer data);
