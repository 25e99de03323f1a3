/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One object's interface on the bus: its methods, properties and signals. */
#include "dbus/server/export.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"

struct QuiltExport {
  const QuiltExportClass *type;
  const QuiltMethodHandler *handlers;
  gpointer object;
  QuiltDbus *bus; /* NULL: not on the bus */
  char *path;
  void (*on_change) (QuiltExport *self, gpointer data);
  gpointer on_change_data;
  GVariant *entry; /* NULL: to be made again */
  gboolean changed;
  struct {
    GVariant *value; /* NULL: not set */
    GVariant *told;  /* the value before the changes that were not signalled yet */
    gboolean changed;
  } values[];
};

QuiltExport *
quilt_export_new (const QuiltExportClass *type, const QuiltMethodHandler *handlers, gpointer object)
{
  const guint n = type->interface->n_properties;
  QuiltExport *self = g_malloc0 (sizeof *self + n * sizeof self->values[0]);

  self->type = type;
  self->handlers = handlers;
  self->object = object;
  return self;
}

static void
forget_changes (QuiltExport *self)
{
  for (guint i = 0; i < self->type->interface->n_properties; i++) {
    g_clear_pointer (&self->values[i].told, g_variant_unref);
    self->values[i].changed = FALSE;
  }
  self->changed = FALSE;
}

void
quilt_export_free (QuiltExport *self)
{
  forget_changes (self);
  for (guint i = 0; i < self->type->interface->n_properties; i++)
    g_clear_pointer (&self->values[i].value, g_variant_unref);
  g_clear_pointer (&self->entry, g_variant_unref);
  g_free (self->path);
  g_free (self);
}

static void
note_change (QuiltExport *self, guint property, GVariant *old)
{
  if (!self->bus || self->type->interface->properties[property].emits != QUILT_EMITS_CHANGES)
    return;
  if (!self->values[property].changed)
    self->values[property].told = old ? g_variant_ref (old) : NULL;
  self->values[property].changed = TRUE;
  if (!self->changed)
    self->on_change (self, self->on_change_data);
  self->changed = TRUE;
}

void
quilt_export_set (QuiltExport *self, guint property, GVariant *value)
{
  g_autoptr (GVariant) new_value = g_variant_ref_sink (value);
  g_autoptr (GVariant) old = self->values[property].value;

  g_return_if_fail (property < self->type->interface->n_properties);
  g_return_if_fail (g_str_equal (g_variant_get_type_string (value),
                                 self->type->interface->properties[property].type));
  self->values[property].value = g_variant_ref (new_value);
  if (old && g_variant_equal (old, new_value))
    return;
  g_clear_pointer (&self->entry, g_variant_unref);
  note_change (self, property, old);
}

void
quilt_export_set_string (QuiltExport *self, guint property, const char *value)
{
  GVariant *old = self->values[property].value;

  if (!old || !g_str_equal (g_variant_get_string (old, NULL), value))
    quilt_export_set (self, property, g_variant_new_string (value));
}

void
quilt_export_set_uint64 (QuiltExport *self, guint property, guint64 value)
{
  GVariant *old = self->values[property].value;

  if (!old || g_variant_get_uint64 (old) != value)
    quilt_export_set (self, property, g_variant_new_uint64 (value));
}

void
quilt_export_set_uint32 (QuiltExport *self, guint property, guint32 value)
{
  GVariant *old = self->values[property].value;

  if (!old || g_variant_get_uint32 (old) != value)
    quilt_export_set (self, property, g_variant_new_uint32 (value));
}

void
quilt_export_set_int32 (QuiltExport *self, guint property, gint32 value)
{
  GVariant *old = self->values[property].value;

  if (!old || g_variant_get_int32 (old) != value)
    quilt_export_set (self, property, g_variant_new_int32 (value));
}

void
quilt_export_set_boolean (QuiltExport *self, guint property, gboolean value)
{
  GVariant *old = self->values[property].value;

  if (!old || g_variant_get_boolean (old) != value)
    quilt_export_set (self, property, g_variant_new_boolean (value));
}

GVariant *
quilt_export_get (const QuiltExport *self, guint property)
{
  return self->values[property].value;
}

static void
send_signal (QuiltExport *self, const char *interface, const char *name, GVariant *args)
{
  g_autoptr (GVariant) body = g_variant_ref_sink (args);
  const QuiltDbusMessage message = {.type = QUILT_DBUS_SIGNAL,
                                    .flags = QUILT_DBUS_NO_REPLY_EXPECTED,
                                    .path = self->path,
                                    .interface = interface,
                                    .member = name,
                                    .body = body};

  if (self->bus)
    quilt_dbus_send (self->bus, &message, NULL);
}

/* A property that has its old value again did not change. */
void
quilt_export_flush (QuiltExport *self)
{
  const QuiltBusInterface *interface = self->type->interface;
  g_auto (GVariantBuilder) changes = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  guint n = 0;

  if (!self->changed)
    return;
  for (guint i = 0; i < interface->n_properties; i++) {
    GVariant *told = self->values[i].told;

    if (!self->values[i].changed || (told && g_variant_equal (told, self->values[i].value)))
      continue;
    g_variant_builder_add (&changes, "{sv}", interface->properties[i].name, self->values[i].value);
    n++;
  }
  forget_changes (self);
  if (n > 0)
    send_signal (self, PROPERTIES, "PropertiesChanged",
                 g_variant_new ("(sa{sv}as)", interface->name, &changes, NULL));
}

static const QuiltBusSignal *
find_signal (const QuiltBusInterface *interface, const char *name)
{
  for (guint i = 0; i < interface->n_signals; i++)
    if (g_str_equal (interface->signals[i].name, name))
      return &interface->signals[i];
  return NULL;
}

void
quilt_export_emit (QuiltExport *self, const char *name, GVariant *args)
{
  const QuiltBusSignal *signal = find_signal (self->type->interface, name);

  g_return_if_fail (signal && g_str_equal (g_variant_get_type_string (args), signal->type));
  send_signal (self, self->type->interface->name, name, args);
}

void
quilt_export_attach (QuiltExport *self,
                     QuiltDbus *bus,
                     const char *path,
                     void (*on_change) (QuiltExport *self, gpointer data),
                     gpointer data)
{
  self->bus = bus;
  self->path = g_strdup (path);
  self->on_change = on_change;
  self->on_change_data = data;
}

void
quilt_export_detach (QuiltExport *self)
{
  forget_changes (self);
  self->bus = NULL;
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->entry, g_variant_unref);
}

const char *
quilt_export_get_path (const QuiltExport *self)
{
  return self->path;
}

const QuiltBusInterface *
quilt_export_get_interface (const QuiltExport *self)
{
  return self->type->interface;
}

gpointer
quilt_export_get_object (const QuiltExport *self)
{
  return self->object;
}

static QuiltMethodFunc
find_handler (const QuiltExport *self, const char *name)
{
  for (const QuiltMethodHandler *handler = self->handlers; handler && handler->method; handler++)
    if (g_str_equal (handler->method, name))
      return handler->handle;
  return NULL;
}

const QuiltBusMethod *
quilt_export_find_method (const QuiltExport *self, const char *name, QuiltMethodFunc *ret_handle)
{
  const QuiltBusInterface *interface = self->type->interface;

  *ret_handle = find_handler (self, name);
  for (guint i = 0; i < interface->n_methods; i++)
    if (g_str_equal (interface->methods[i].name, name))
      return *ret_handle || interface->methods[i].of_manager ? &interface->methods[i] : NULL;
  return NULL;
}

static GVariant *
get_value (QuiltExport *self, guint property)
{
  return self->values[property].value
             ? g_variant_ref (self->values[property].value)
             : g_variant_take_ref (self->type->read (self->object, property));
}

static void
look (QuiltExport *self, guint property)
{
  if (self->type->look)
    self->type->look (self->object, property);
}

GVariant *
quilt_export_show (QuiltExport *self, const char *property)
{
  const QuiltBusInterface *interface = self->type->interface;

  for (guint i = 0; i < interface->n_properties; i++)
    if (g_str_equal (interface->properties[i].name, property)) {
      look (self, i);
      return get_value (self, i);
    }
  return NULL;
}

static GVariant *
new_dict (QuiltExport *self)
{
  const QuiltBusInterface *interface = self->type->interface;
  g_auto (GVariantBuilder) values = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  for (guint i = 0; i < interface->n_properties; i++) {
    g_autoptr (GVariant) value = get_value (self, i);

    g_variant_builder_add (&values, "{sv}", interface->properties[i].name, value);
  }
  return g_variant_builder_end (&values);
}

GVariant *
quilt_export_show_all (QuiltExport *self)
{
  for (guint i = 0; i < self->type->interface->n_properties; i++)
    look (self, i);
  return g_variant_ref_sink (new_dict (self));
}

GVariant *
quilt_export_get_entry (QuiltExport *self)
{
  if (!self->entry) {
    GVariantBuilder interfaces;

    g_variant_builder_init (&interfaces, G_VARIANT_TYPE ("a{sa{sv}}"));
    g_variant_builder_add (&interfaces, "{s@a{sv}}", self->type->interface->name, new_dict (self));
    self->entry = g_variant_ref_sink (g_variant_new ("{oa{sa{sv}}}", self->path, &interfaces));
  }
  return self->entry;
}
