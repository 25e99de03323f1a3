/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GetManagedObjects: all objects with all properties in one answer, which takes long to make. */
#pragma once

#include <gio/gio.h>

typedef struct QuiltManagedObjects QuiltManagedObjects;

/* objects is the caller's, and outlives it. */
QuiltManagedObjects *quilt_managed_objects_new (GDBusObjectManagerServer *objects);
/* Calls that wait are answered with an error. */
void quilt_managed_objects_free (QuiltManagedObjects *self);

/* GDBus answers a call of org.freedesktop.DBus.ObjectManager by itself, and nobody is charged with
 * it. Returns message, or in its place the same call of our own interface; takes message over. In
 * any thread. */
GDBusMessage *quilt_managed_objects_redirect (GDBusMessage *message);

/* Answers the call of uid, root's at once. The others have a tenth of the main thread's time: they
 * wait for each other, users in turn. Takes invocation over. */
void quilt_managed_objects_answer (QuiltManagedObjects *self,
                                   GDBusMethodInvocation *invocation,
                                   guint32 uid);
