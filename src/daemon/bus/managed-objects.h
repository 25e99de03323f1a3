/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GetManagedObjects returns all objects with all properties, which takes long. */
#pragma once

#include <gio/gio.h>

typedef struct QuiltManagedObjects QuiltManagedObjects;

/* Borrows objects, which must outlive it. */
QuiltManagedObjects *quilt_managed_objects_new (GDBusObjectManagerServer *objects);
/* Answers waiting calls with an error. */
void quilt_managed_objects_free (QuiltManagedObjects *self);

/* GDBus answers calls of org.freedesktop.DBus.ObjectManager itself, without charging the caller.
 * Returns message, or instead the same call of our own interface; takes ownership of message. May
 * run in any thread. */
GDBusMessage *quilt_managed_objects_redirect (GDBusMessage *message);

/* Answers the call of uid: root's at once. Other users' calls get a tenth of the main thread's time
 * and wait in turn by user. Takes ownership of invocation. */
void quilt_managed_objects_answer (QuiltManagedObjects *self,
                                   GDBusMethodInvocation *invocation,
                                   guint32 uid);
