/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GetManagedObjects returns all objects with all properties, which takes long. For a thousand
 * containers GDBus needs 0.3 s, during which other calls wait. */
#include "daemon/bus/managed-objects.h"

#include "base/error.h"
#include "dbus/address.h"
#include "daemon/bus/error.h"

/* After an answer, the next one waits this many times as long as the answer took. */
#define PAUSE 9

#define ENTRY_KEY "quilt-managed-entry"
#define WATCHED_KEY "quilt-managed-watched"

typedef struct {
  GDBusMethodInvocation *invocation;
  guint32 uid;
} Waiting;

struct QuiltManagedObjects {
  GDBusObjectManagerServer *objects;
  GQueue waiting; /* of Waiting */
  guint32 last_uid;
  gint64 next_usec; /* when the next answer may be made */
  guint timer;
};

GDBusMessage *
quilt_managed_objects_redirect (GDBusMessage *message)
{
  GDBusMessage *redirected;

  if (g_strcmp0 (g_dbus_message_get_member (message), "GetManagedObjects") != 0 ||
      g_strcmp0 (g_dbus_message_get_path (message), QUILT_BUS_PATH) != 0 ||
      g_strcmp0 (g_dbus_message_get_interface (message), "org.freedesktop.DBus.ObjectManager") != 0)
    return message;
  redirected = g_dbus_message_copy (message, NULL); /* GDBus has locked the original */
  if (!redirected)
    return message;
  /* The data that the relay has attached to the message must live until the call ends. */
  g_object_set_data_full (G_OBJECT (redirected), "quilt-original", message, g_object_unref);
  g_dbus_message_set_interface (redirected, "org.quilt.Manager");
  return redirected;
}

static void
forget_entry (GObject *object)
{
  g_object_set_data (object, ENTRY_KEY, NULL);
}

static void
watch (GDBusInterface *interface, GDBusObject *object)
{
  if (g_object_get_data (G_OBJECT (interface), WATCHED_KEY))
    return;
  g_object_set_data (G_OBJECT (interface), WATCHED_KEY, object);
  g_signal_connect_object (interface, "notify", G_CALLBACK (forget_entry), object,
                           G_CONNECT_SWAPPED);
}

static GVariant *
new_entry (GDBusObject *object)
{
  g_autolist (GDBusInterface) interfaces = g_dbus_object_get_interfaces (object);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sa{sv}}"));

  for (GList *link = interfaces; link; link = link->next) {
    GDBusInterfaceSkeleton *skeleton = link->data;

    watch (link->data, object);
    g_variant_builder_add (&builder, "{s@a{sv}}",
                           g_dbus_interface_skeleton_get_info (skeleton)->name,
                           g_dbus_interface_skeleton_get_properties (skeleton));
  }
  return g_variant_ref_sink (
      g_variant_new ("{oa{sa{sv}}}", g_dbus_object_get_object_path (object), &builder));
}

/* Cached with the object, since few of a thousand objects change between two calls. */
static GVariant *
get_entry (GDBusObject *object)
{
  GVariant *entry = g_object_get_data (G_OBJECT (object), ENTRY_KEY);

  if (!entry) {
    entry = new_entry (object);
    g_object_set_data_full (G_OBJECT (object), ENTRY_KEY, entry, (GDestroyNotify)g_variant_unref);
  }
  return entry;
}

static void
answer (QuiltManagedObjects *self, GDBusMethodInvocation *invocation)
{
  g_autolist (GDBusObject) objects =
      g_dbus_object_manager_get_objects (G_DBUS_OBJECT_MANAGER (self->objects));
  g_auto (GVariantBuilder) all = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{oa{sa{sv}}}"));

  for (GList *link = objects; link; link = link->next)
    g_variant_builder_add_value (&all, get_entry (link->data));
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(a{oa{sa{sv}}})", &all));
}

/* The first waiting call of a user other than the last one; otherwise the first call. */
static Waiting *
take_next (QuiltManagedObjects *self)
{
  GList *link = self->waiting.head;
  Waiting *next;

  while (link && ((Waiting *)link->data)->uid == self->last_uid)
    link = link->next;
  link = link ? link : self->waiting.head;
  next = link->data;
  g_queue_delete_link (&self->waiting, link);
  return next;
}

static gboolean on_turn (gpointer data);

static void
schedule (QuiltManagedObjects *self)
{
  gint64 rest = MAX (self->next_usec - g_get_monotonic_time (), 0);

  if (!self->timer && self->waiting.length > 0)
    self->timer = g_timeout_add ((guint)((rest + 999) / 1000), on_turn, self);
}

static gboolean
on_turn (gpointer data)
{
  QuiltManagedObjects *self = data;
  g_autofree Waiting *next = take_next (self);
  gint64 began = g_get_monotonic_time (), now;

  self->timer = 0;
  self->last_uid = next->uid;
  answer (self, next->invocation);
  now = g_get_monotonic_time ();
  self->next_usec = now + PAUSE * (now - began);
  schedule (self);
  return G_SOURCE_REMOVE;
}

void
quilt_managed_objects_answer (QuiltManagedObjects *self,
                              GDBusMethodInvocation *invocation,
                              guint32 uid)
{
  Waiting *waiting;

  if (uid == 0) {
    answer (self, invocation);
    return;
  }
  waiting = g_new (Waiting, 1);
  *waiting = (Waiting){invocation, uid};
  g_queue_push_tail (&self->waiting, waiting);
  schedule (self);
}

QuiltManagedObjects *
quilt_managed_objects_new (GDBusObjectManagerServer *objects)
{
  QuiltManagedObjects *self = g_new0 (QuiltManagedObjects, 1);

  self->objects = objects;
  g_queue_init (&self->waiting);
  return self;
}

void
quilt_managed_objects_free (QuiltManagedObjects *self)
{
  g_autoptr (GError) error =
      g_error_new (QUILT_ERROR, QUILT_ERROR_CANCELLED, "quiltd is shutting down");
  Waiting *waiting;

  if (!self)
    return;
  if (self->timer)
    g_source_remove (self->timer);
  while ((waiting = g_queue_pop_head (&self->waiting))) {
    quilt_bus_error_return (waiting->invocation, error);
    g_free (waiting);
  }
  g_free (self);
}
