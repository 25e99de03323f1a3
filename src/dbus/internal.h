/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the client share. */
#pragma once

#include "dbus/client.h"

#define QUILT_DBUS_BUS "org.freedesktop.DBus"
#define QUILT_DBUS_BUS_PATH "/org/freedesktop/DBus"

struct QuiltDbus {
  GSource source;
  gpointer watch; /* of the socket, as long as there is one */
  int socket;
  guint32 serial;           /* of the last message that was sent */
  GByteArray *in;           /* was read, and is not a whole message yet */
  gsize missing;            /* of it, as far as that is known */
  GArray *fds;              /* were read, and belong to messages to come */
  GQueue inbox;             /* messages that wait for the main loop */
  GPtrArray *calls;         /* that are not answered, the oldest first */
  GPtrArray *subscriptions; /* the oldest first */
  guint last_subscription;
  GHashTable *owners; /* of the names that subscriptions have as their senders */
  GError *failure;    /* why the connection has ended */
  gboolean released;  /* nobody but the main loop has it any more */
};

void quilt_dbus_signals_init (QuiltDbus *self);
void quilt_dbus_signals_clear (QuiltDbus *self);

/* Whether a signal that has come, as far as its head tells, may have a callback. */
gboolean quilt_dbus_signals_is_wanted (QuiltDbus *self, const QuiltDbusMessage *message);

/* Calls the callbacks of a signal. They may do everything with self. */
void quilt_dbus_signals_dispatch (QuiltDbus *self, const QuiltDbusMessage *message);
