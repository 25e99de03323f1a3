/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All objects on the bus by path, and the calls of their methods. */
#pragma once

#include "daemon/bus/admission.h"
#include "dbus/server/export.h"

typedef struct QuiltObjects QuiltObjects;

/* admission charges the calls of all methods but those of the standard interfaces, which are
 * answered here: Peer, Introspectable, Properties, ObjectManager. Borrows both. From now on, bus
 * serves calls; calls counts them (see quilt_dbus_service_new()). */
QuiltObjects *quilt_objects_new (QuiltDbus *bus, QuiltActivity *calls, QuiltAdmission *admission);
/* Takes all objects off the bus. From then on, no call finds one. */
void quilt_objects_withdraw (QuiltObjects *self);
void quilt_objects_free (QuiltObjects *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltObjects, quilt_objects_free)

/* Puts object, which is borrowed, on the bus at path, and takes it off again. The object at
 * QUILT_BUS_PATH manages the others. */
void quilt_objects_add (QuiltObjects *self, const char *path, QuiltExport *object);
void quilt_objects_remove (QuiltObjects *self, const char *path);

/* Callers see none of the objects before this. */
void quilt_objects_show (QuiltObjects *self);

/* All objects but that at QUILT_BUS_PATH, an a{oa{sa{sv}}}, floating. */
GVariant *quilt_objects_list (QuiltObjects *self);
