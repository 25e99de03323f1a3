/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Subscriptions to signals of a bus, and the callbacks that get the signals. */
#pragma once

#include "dbus/message.h"

#define QUILT_DBUS_BUS "org.freedesktop.DBus"
#define QUILT_DBUS_BUS_PATH "/org/freedesktop/DBus"

/* Selects signals (D-Bus Specification, "Match Rules"). */
typedef struct {
  const char *sender; /* of a well-known name, its current owner; NULL: any */
  const char *interface;
  const char *member;
  const char *path;      /* NULL: any */
  const char *arg0;      /* the first argument, if it is a string; NULL: any */
  const char *arg0_path; /* the first argument, if it is an object path; NULL: any */
  gboolean no_arg2;      /* the bus passes on only signals whose third argument is "" */
} QuiltDbusMatch;

typedef void (*QuiltDbusSignalFunc) (const char *path, GVariant *args, gpointer data);

/* The owner of a name, as the bus last told. */
typedef struct {
  char *unique; /* the owner's unique name; NULL: no owner */
} QuiltDbusOwner;

/* Calls a method of the bus with one string argument. If owner is set, the answer, a unique name,
 * is stored there; if it is NULL, no answer is wanted. */
typedef void (*QuiltDbusAskFunc) (const char *method,
                                  const char *arg,
                                  QuiltDbusOwner *owner,
                                  gpointer data);

typedef struct {
  QuiltDbusAskFunc ask;
  gpointer ask_data;
  GPtrArray *subscriptions; /* the oldest first */
  guint last_id;
  /* owners of the well-known names that subscriptions watch or have as sender */
  GHashTable *owners;
} QuiltDbusSignals;

void quilt_dbus_signals_init (QuiltDbusSignals *self, QuiltDbusAskFunc ask, gpointer data);
void quilt_dbus_signals_clear (QuiltDbusSignals *self);

void quilt_dbus_signals_add (QuiltDbusSignals *self,
                             const QuiltDbusMatch *match,
                             QuiltDbusSignalFunc func,
                             gpointer data);
/* Removes all subscriptions with this data. */
void quilt_dbus_signals_remove (QuiltDbusSignals *self, gpointer data);

/* Whether a received signal may have a callback, judging by its header alone. is_late: earlier
 * messages are not handled yet and may change a name's owner. */
gboolean quilt_dbus_signals_is_wanted (QuiltDbusSignals *self,
                                       const QuiltDbusMessage *message,
                                       gboolean is_late);

/* Calls the callbacks of a signal. The callbacks may call any function on self. */
void quilt_dbus_signals_dispatch (QuiltDbusSignals *self, const QuiltDbusMessage *message);

/* Called after the connection has ended. Calls the callbacks as if each name had lost its owner. */
void quilt_dbus_signals_lose_owners (QuiltDbusSignals *self);
