/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which signals of a bus are wanted, and who is told of them. */
#pragma once

#include "dbus/message.h"

#define QUILT_DBUS_BUS "org.freedesktop.DBus"
#define QUILT_DBUS_BUS_PATH "/org/freedesktop/DBus"

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

/* Who has a name, as far as the bus has said. */
typedef struct {
  char *unique; /* the unique name; NULL: nobody */
} QuiltDbusOwner;

/* Calls a method of the bus with one string. owner: the answer is a unique name, and goes there;
 * NULL: no answer is wanted. */
typedef void (*QuiltDbusAskFunc) (const char *method,
                                  const char *arg,
                                  QuiltDbusOwner *owner,
                                  gpointer data);

typedef struct {
  QuiltDbusAskFunc ask;
  gpointer ask_data;
  GPtrArray *subscriptions; /* the oldest first */
  guint last_id;
  GHashTable *owners; /* of the names that subscriptions have as their senders */
} QuiltDbusSignals;

void quilt_dbus_signals_init (QuiltDbusSignals *self, QuiltDbusAskFunc ask, gpointer data);
void quilt_dbus_signals_clear (QuiltDbusSignals *self);

void quilt_dbus_signals_add (QuiltDbusSignals *self,
                             const QuiltDbusMatch *match,
                             QuiltDbusSignalFunc func,
                             gpointer data);
/* All with this data. */
void quilt_dbus_signals_remove (QuiltDbusSignals *self, gpointer data);

/* Whether a signal that has come, as far as its head tells, may have a callback. is_late: messages
 * before it have yet to be looked at, and may tell of another owner of a name. */
gboolean quilt_dbus_signals_is_wanted (QuiltDbusSignals *self,
                                       const QuiltDbusMessage *message,
                                       gboolean is_late);

/* Calls the callbacks of a signal. They may do everything with self. */
void quilt_dbus_signals_dispatch (QuiltDbusSignals *self, const QuiltDbusMessage *message);
