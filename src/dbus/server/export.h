/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One object's interface on the bus: its methods, properties and signals. */
#pragma once

#include "dbus/server/call.h"
#include "dbus/server/interface.h"

typedef struct QuiltExport QuiltExport;

/* Answers call, now or later, and owns a reference to it. args, borrowed, has the method's types.
 */
typedef void (*QuiltMethodFunc) (QuiltCall *call, GVariant *args, gpointer object);

/* A table of handlers has one for each method of the interface that is not the manager's, in any
 * order, and ends with NULL. */
typedef struct {
  const char *method;
  QuiltMethodFunc handle;
} QuiltMethodHandler;

/* Functions about properties, which are given as constants of dbus/quilt-bus.h. Both may be NULL.
 */
typedef struct {
  const QuiltBusInterface *interface;
  /* Called before Get and GetAll show the property. May set it. */
  void (*look) (gpointer object, guint property);
  /* Returns the value of a property that is never set, floating or as a full reference. */
  GVariant *(*read) (gpointer object, guint property);
} QuiltExportClass;

/* Makes an object that is not on the bus yet; daemon/bus/objects.h puts it there. Borrows all. */
QuiltExport *quilt_export_new (const QuiltExportClass *type,
                               const QuiltMethodHandler *handlers,
                               gpointer object);
/* The object must not be on the bus. */
void quilt_export_free (QuiltExport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltExport, quilt_export_free)

/* Sets a property. value may be floating. While the object is on the bus, the change is signalled
 * by the main loop, together with others of the object; see quilt_export_flush(). */
void quilt_export_set (QuiltExport *self, guint property, GVariant *value);
void quilt_export_set_string (QuiltExport *self, guint property, const char *value);
void quilt_export_set_uint64 (QuiltExport *self, guint property, guint64 value);
void quilt_export_set_uint32 (QuiltExport *self, guint property, guint32 value);
void quilt_export_set_int32 (QuiltExport *self, guint property, gint32 value);
void quilt_export_set_boolean (QuiltExport *self, guint property, gboolean value);

/* The value of a property that was set, borrowed; valid until the property changes. */
GVariant *quilt_export_get (const QuiltExport *self, guint property);

/* Signals all changes now. */
void quilt_export_flush (QuiltExport *self);
/* Sends a signal of the interface. args may be floating. */
void quilt_export_emit (QuiltExport *self, const char *name, GVariant *args);

/* For daemon/bus/objects.c and the standard interfaces: */

/* Puts the object on the bus, and takes it off (NULL). on_change is called when the first property
 * has changed since the last flush. */
void quilt_export_attach (QuiltExport *self,
                          QuiltDbus *bus,
                          const char *path,
                          void (*on_change) (QuiltExport *self, gpointer data),
                          gpointer data);
void quilt_export_detach (QuiltExport *self);

const char *quilt_export_get_path (const QuiltExport *self);
const QuiltBusInterface *quilt_export_get_interface (const QuiltExport *self);

/* Returns NULL if the interface has no such method. *ret_handle: its handler; NULL for a method of
 * the manager. */
const QuiltBusMethod *
quilt_export_find_method (const QuiltExport *self, const char *name, QuiltMethodFunc *ret_handle);
gpointer quilt_export_get_object (const QuiltExport *self);

/* The value as Get shows it, a full reference. NULL: there is no such property. */
GVariant *quilt_export_show (QuiltExport *self, const char *property);
/* All values as GetAll shows them, an a{sv}, a full reference. */
GVariant *quilt_export_show_all (QuiltExport *self);
/* The object with the last known values, a {oa{sa{sv}}}, borrowed. Cached until a change. */
GVariant *quilt_export_get_entry (QuiltExport *self);
