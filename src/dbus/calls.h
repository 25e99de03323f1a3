/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls of a D-Bus client that wait for their answers. */
#pragma once

#include "dbus/message.h"
#include "dbus/reply.h"

/* A message that has come, or the end of a call without one. */
typedef struct {
  guint8 *data; /* the strings of message point into it */
  QuiltDbusMessage message;
  int *fds;
  GError *error;   /* if set, there is no message: only its reply_serial is valid */
  gboolean is_end; /* if TRUE, there is no message: the connection has ended */
} QuiltDbusIncoming;

void quilt_dbus_incoming_free (QuiltDbusIncoming *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltDbusIncoming, quilt_dbus_incoming_free)

typedef struct {
  guint32 serial;
  char *reply_type; /* NULL: any */
  QuiltDbusReplyFunc func;
  gpointer data;
  guint timeout_sec;  /* for the answer, from when the message is sent; 0: no limit */
  gint64 deadline;    /* of the monotonic clock; 0: none */
  GByteArray *unsent; /* the message, until it may be sent; NULL: it was sent */
  gboolean is_slow;   /* the answer may take minutes */
  gboolean is_sync;   /* deliver the answer at once, without waiting for the main loop */
} QuiltDbusWaiting;

/* An array of QuiltDbusWaiting, the oldest first. */
GPtrArray *quilt_dbus_calls_new (void);

/* Owned by calls. */
QuiltDbusWaiting *quilt_dbus_calls_add (
    GPtrArray *calls, guint32 serial, const char *type, QuiltDbusReplyFunc func, gpointer data);

/* Returns NULL if there is no such call. */
QuiltDbusWaiting *quilt_dbus_calls_find (GPtrArray *calls, guint32 serial);

/* The call is sent now, which sets its deadline. Returns that. */
gint64 quilt_dbus_calls_begin (QuiltDbusWaiting *call);

/* The number of calls that were sent: of all, and of those that are slow. */
guint quilt_dbus_calls_count_sent (const GPtrArray *calls, guint *ret_slow);

/* The oldest call that was not sent, of those that are slow or of the others. NULL: all were
 * sent. */
QuiltDbusWaiting *quilt_dbus_calls_find_unsent (const GPtrArray *calls, gboolean is_slow);

/* Removes the call from the list, if it is there, and calls its callback. */
void
quilt_dbus_calls_answer (GPtrArray *calls, QuiltDbusWaiting *call, QuiltDbusIncoming *incoming);
