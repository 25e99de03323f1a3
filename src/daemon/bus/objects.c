/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All objects on the bus by path, and the calls of their methods. */
#include "daemon/bus/objects.h"

#include "dbus/address.h"
#include "dbus/server/service.h"
#include "dbus/server/standard.h"

#include <string.h>

#define MANAGER "org.freedesktop.DBus.ObjectManager"

struct QuiltObjects {
  QuiltDbus *bus;
  QuiltDbusService *service;
  QuiltAdmission *admission;
  GHashTable *objects; /* path → QuiltExport, borrowed */
  GHashTable *nodes;   /* path → number of objects below, for each path above an object */
  GPtrArray *changed;  /* of QuiltExport: objects with changes that were not signalled yet */
  guint flush;         /* source that signals them */
  gboolean shown;
};

static gboolean
on_flush (gpointer data)
{
  QuiltObjects *self = data;

  self->flush = 0;
  for (guint i = 0; i < self->changed->len; i++)
    quilt_export_flush (self->changed->pdata[i]);
  g_ptr_array_set_size (self->changed, 0);
  return G_SOURCE_REMOVE;
}

static void
on_change (QuiltExport *object, gpointer data)
{
  QuiltObjects *self = data;

  g_ptr_array_add (self->changed, object);
  if (!self->flush)
    self->flush = g_idle_add_full (G_PRIORITY_DEFAULT, on_flush, self, NULL);
}

static void
send_managed (QuiltObjects *self, const char *name, GVariant *args)
{
  g_autoptr (GVariant) body = g_variant_ref_sink (args);
  const QuiltDbusMessage message = {.type = QUILT_DBUS_SIGNAL,
                                    .flags = QUILT_DBUS_NO_REPLY_EXPECTED,
                                    .path = QUILT_BUS_PATH,
                                    .interface = MANAGER,
                                    .member = name,
                                    .body = body};

  if (self->shown)
    quilt_dbus_send (self->bus, &message, NULL);
}

static gboolean
is_managed (const char *path)
{
  return !g_str_equal (path, QUILT_BUS_PATH);
}

/* The path above. NULL: there is none. Owned by the caller. */
static char *
get_parent (const char *path)
{
  const char *last = strrchr (path, '/');

  if (g_str_equal (path, "/"))
    return NULL;
  return last == path ? g_strdup ("/") : g_strndup (path, (gsize)(last - path));
}

/* Adds n to the number of objects below each path above. */
static void
count_nodes (QuiltObjects *self, const char *path, int n)
{
  for (g_autofree char *node = get_parent (path); node;) {
    const int count = GPOINTER_TO_INT (g_hash_table_lookup (self->nodes, node)) + n;
    char *above = get_parent (node);

    if (count > 0)
      g_hash_table_insert (self->nodes, g_strdup (node), GINT_TO_POINTER (count));
    else
      g_hash_table_remove (self->nodes, node);
    g_free (node);
    node = above;
  }
}

void
quilt_objects_add (QuiltObjects *self, const char *path, QuiltExport *object)
{
  g_return_if_fail (!g_hash_table_contains (self->objects, path));
  g_hash_table_insert (self->objects, g_strdup (path), object);
  count_nodes (self, path, 1);
  quilt_export_attach (object, self->bus, path, on_change, self);
  if (self->shown && is_managed (path)) {
    g_autoptr (GVariant) interfaces =
        g_variant_get_child_value (quilt_export_get_entry (object), 1);

    send_managed (self, "InterfacesAdded", g_variant_new ("(o@a{sa{sv}})", path, interfaces));
  }
}

void
quilt_objects_remove (QuiltObjects *self, const char *path)
{
  QuiltExport *object = g_hash_table_lookup (self->objects, path);
  const char *const interfaces[] = {object ? quilt_export_get_interface (object)->name : NULL,
                                    NULL};

  if (!object)
    return;
  if (is_managed (path))
    send_managed (self, "InterfacesRemoved", g_variant_new ("(o^as)", path, interfaces));
  while (g_ptr_array_remove (self->changed, object)) /* it may have changed again after a flush */
    ;
  count_nodes (self, path, -1);
  quilt_export_detach (object);
  g_hash_table_remove (self->objects, path);
}

void
quilt_objects_show (QuiltObjects *self)
{
  self->shown = TRUE;
}

GVariant *
quilt_objects_list (QuiltObjects *self)
{
  GVariantBuilder all;
  GHashTableIter iter;
  gpointer path, object;

  g_variant_builder_init (&all, G_VARIANT_TYPE ("a{oa{sa{sv}}}"));
  g_hash_table_iter_init (&iter, self->objects);
  while (g_hash_table_iter_next (&iter, &path, &object))
    if (is_managed (path))
      g_variant_builder_add_value (&all, quilt_export_get_entry (object));
  return g_variant_builder_end (&all);
}

static QuiltExport *
find (const QuiltObjects *self, const char *path)
{
  return self->shown ? g_hash_table_lookup (self->objects, path) : NULL;
}

/* The names of the nodes right below a path, for Introspect. */
static GPtrArray *
find_children (const QuiltObjects *self, const char *path)
{
  const gsize length = g_str_equal (path, "/") ? 0 : strlen (path);
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GPtrArray *children = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer found;

  g_hash_table_iter_init (&iter, self->objects);
  while (g_hash_table_iter_next (&iter, &found, NULL)) {
    const char *rest = (const char *)found + length;

    if (strncmp (found, path, length) == 0 && *rest == '/' && rest[1] != '\0')
      g_hash_table_add (names, g_strndup (rest + 1, strcspn (rest + 1, "/")));
  }
  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, &found, NULL))
    g_ptr_array_add (children, g_strdup (found));
  return children;
}

static void
introspect (QuiltObjects *self, QuiltCall *call, QuiltExport *object)
{
  const char *path = quilt_call_get_path (call);
  const gboolean is_node = self->shown && g_hash_table_contains (self->nodes, path);
  g_autoptr (GPtrArray) children = NULL;

  if (!object && !is_node) {
    quilt_standard_refuse_object (call);
    return;
  }
  children = is_node ? find_children (self, path) : g_ptr_array_new ();
  quilt_standard_introspect (call, object, is_managed (path), children);
}

/* GetManagedObjects is also a method of org.quilt.Manager, which charges the caller. */
static gboolean
is_list (const QuiltCall *call)
{
  return g_strcmp0 (quilt_call_get_interface (call), MANAGER) == 0 &&
         g_str_equal (quilt_call_get_method (call), "GetManagedObjects") &&
         !is_managed (quilt_call_get_path (call));
}

/* A method of an object, and the object and the handler that do its work. */
typedef struct {
  const QuiltBusMethod *method;
  QuiltExport *object;
  QuiltMethodFunc handle;
} Target;

/* Otherwise answers the call with an error. */
static gboolean
find_target (QuiltObjects *self, QuiltCall *call, Target *ret_target)
{
  const char *interface = quilt_call_get_interface (call);
  Target found = {.object = find (self, quilt_call_get_path (call))};

  if (!found.object) {
    quilt_standard_refuse_object (call);
    return FALSE;
  }
  if (interface && !is_list (call) &&
      !g_str_equal (interface, quilt_export_get_interface (found.object)->name)) {
    quilt_standard_refuse_interface (call, interface);
    return FALSE;
  }
  found.method =
      quilt_export_find_method (found.object, quilt_call_get_method (call), &found.handle);
  if (found.method && found.method->of_manager) {
    found.object = find (self, QUILT_BUS_PATH);
    if (!found.object ||
        !quilt_export_find_method (found.object, found.method->of_manager, &found.handle))
      found.method = NULL;
  }
  if (!found.method) {
    quilt_standard_refuse_method (call);
    return FALSE;
  }
  *ret_target = found;
  return quilt_standard_check_type (call, found.method->in);
}

/* The arguments of the method of the manager: the ID of the object, which is the end of its path,
 * and those of the call. */
static GVariant *
add_id (QuiltCall *call)
{
  GVariant *args = quilt_call_get_args (call);
  GVariantBuilder all = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_TUPLE);

  g_variant_builder_add (&all, "s", strrchr (quilt_call_get_path (call), '/') + 1);
  for (gsize i = 0; i < g_variant_n_children (args); i++) {
    g_autoptr (GVariant) arg = g_variant_get_child_value (args, i);

    g_variant_builder_add_value (&all, arg);
  }
  return g_variant_ref_sink (g_variant_builder_end (&all));
}

/* The object may be gone meanwhile, since the bus may have been asked for the caller. */
static void
on_admitted (QuiltCall *call, gpointer data)
{
  g_autoptr (QuiltCall) keep = NULL; /* handlers use args after they have answered */
  g_autoptr (GVariant) args = NULL;
  Target target;

  if (!find_target (data, call, &target))
    return;
  keep = quilt_call_ref (call);
  args = target.method->of_manager ? add_id (call) : g_variant_ref (quilt_call_get_args (call));
  quilt_call_set_answer_type (call, target.method->out);
  target.handle (call, args, quilt_export_get_object (target.object));
}

static void
on_call (QuiltCall *call, gpointer data)
{
  QuiltObjects *self = data;
  QuiltExport *object = find (self, quilt_call_get_path (call));
  Target target;

  switch (quilt_standard_find (call)) {
  case QUILT_STANDARD_PEER:
    quilt_standard_answer_peer (call);
    return;
  case QUILT_STANDARD_INTROSPECTABLE:
    introspect (self, call, object);
    return;
  case QUILT_STANDARD_PROPERTIES:
    quilt_standard_answer_properties (call, object);
    return;
  case QUILT_STANDARD_NONE:
    break;
  }
  if (find_target (self, call, &target))
    quilt_admission_admit (self->admission, call, on_admitted, self);
}

QuiltObjects *
quilt_objects_new (QuiltDbus *bus, QuiltActivity *calls, QuiltAdmission *admission)
{
  QuiltObjects *self = g_new0 (QuiltObjects, 1);

  self->bus = bus;
  self->admission = admission;
  self->objects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->nodes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->changed = g_ptr_array_new ();
  self->service = quilt_dbus_service_new (bus, calls, on_call, self);
  return self;
}

void
quilt_objects_withdraw (QuiltObjects *self)
{
  GHashTableIter iter;
  gpointer object;

  self->shown = FALSE;
  g_clear_handle_id (&self->flush, g_source_remove);
  g_ptr_array_set_size (self->changed, 0);
  g_hash_table_iter_init (&iter, self->objects);
  while (g_hash_table_iter_next (&iter, NULL, &object)) {
    quilt_export_detach (object);
    g_hash_table_iter_remove (&iter);
  }
  g_hash_table_remove_all (self->nodes);
}

void
quilt_objects_free (QuiltObjects *self)
{
  quilt_objects_withdraw (self);
  quilt_dbus_service_free (self->service);
  g_ptr_array_unref (self->changed);
  g_hash_table_unref (self->objects);
  g_hash_table_unref (self->nodes);
  g_free (self);
}
