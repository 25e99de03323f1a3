/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages of a connection, without a main loop: calls and their answers, signals, and what
 * gets the calls of others. */
#pragma once

#include "dbus/calls.h"
#include "dbus/request.h"
#include "dbus/signals.h"
#include "dbus/stream.h"

/* A receiver of calls. */
typedef struct {
  /* Takes a call whose head was read, and the descriptors. Of a call that is too large, size is
   * that of the head. */
  void (*take) (const QuiltDbusMessage *head,
                const guint8 *data,
                gsize size,
                int *fds,
                gpointer data_of_service);
  /* Whether a call that was taken may begin. */
  gboolean (*is_due) (gpointer data_of_service);
  /* Begins a few calls. */
  void (*run) (gpointer data_of_service);
  /* Drops all calls that have not begun. Nothing is called after this. */
  void (*end) (gpointer data_of_service);
} QuiltDbusServing;

typedef struct {
  QuiltDbusStream stream;
  gboolean is_peer; /* the other side is not a bus */
  GQueue inbox;     /* messages that wait for the main loop */
  GPtrArray *calls; /* calls without an answer yet, the oldest first */
  QuiltDbusSignals signals;
  const QuiltDbusServing *service; /* NULL: received calls are ignored */
  gpointer service_data;
  GError *failure; /* why the connection has ended; NULL while it is open */
  void (*on_end) (gpointer data);
  gpointer data;
} QuiltDbusLink;

/* self is all zero. The caller initializes the signals. on_end is called once when the connection
 * ends, before the socket is closed. */
void quilt_dbus_link_init (QuiltDbusLink *self,
                           int socket,
                           gboolean is_peer,
                           void (*on_end) (gpointer data),
                           gpointer data);
void quilt_dbus_link_clear (QuiltDbusLink *self);

/* Whether a received call may begin now: if messages wait for the bus, its answer would have to
 * wait behind them. */
gboolean quilt_dbus_link_may_begin_call (const QuiltDbusLink *self);
/* The events of poll(2) to wait for. */
short quilt_dbus_link_get_events (const QuiltDbusLink *self);
/* revents: the events that poll(2) found. Messages that arrive go into the inbox. */
void quilt_dbus_link_handle_events (QuiltDbusLink *self, int revents);
/* Waits for the socket, and handles its events. timeout_msec -1: no limit. */
void quilt_dbus_link_wait (QuiltDbusLink *self, int timeout_msec);

/* Delivers the error as the answer to a call. Takes ownership of error. */
void quilt_dbus_link_deliver_error (QuiltDbusLink *self, guint32 serial, GError *error);
/* The error of a call without an answer in time. */
GError *quilt_dbus_link_new_timeout (void);

/* Writes as much of the queue as possible without waiting. */
void quilt_dbus_link_flush (QuiltDbusLink *self);
/* Writes a message, or queues it. With descriptors, it blocks; see quilt_dbus_stream_send(). */
void
quilt_dbus_link_send (QuiltDbusLink *self, const GByteArray *bytes, const int *fds, guint n_fds);
/* Whether the bus would refuse one more call now. */
gboolean quilt_dbus_link_has_to_wait (const QuiltDbusLink *self, const QuiltDbusCall *call);
/* Sends calls that had to wait, if an answer has made room. Returns whether there were any. */
gboolean quilt_dbus_link_send_more (QuiltDbusLink *self);
