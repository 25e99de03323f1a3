/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.quilt.Image: the handlers of its methods. */
#include "daemon/images/methods.h"

#include "daemon/bus/dict.h"
#include "daemon/bus/environment.h"
#include "daemon/bus/error.h"
#include "daemon/images/image.h"
#include "daemon/images/remove.h"

#include <string.h>

/* values: the caller may manage images, and so may see the values in its environment. */
static void
inspect_consulted (GDBusMethodInvocation *invocation, gboolean values, gpointer data)
{
  QuiltImage *self = data;
  g_autoptr (json_object) object = quilt_image_record_to_json (quilt_image_get_record (self));
  json_object *config = NULL, *env = NULL;
  g_autofree char *json = NULL;

  if (!values && json_object_object_get_ex (object, "config", &config) &&
      json_object_object_get_ex (config, "env", &env))
    quilt_environment_hide_json (env);
  json = quilt_json_print (object, TRUE);
  quilt_bus_image_complete_inspect (
      QUILT_BUS_IMAGE (self), invocation,
      g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, json, strlen (json), 1));
}

static GPtrArray *
inspect_details (const QuiltImage *self)
{
  GPtrArray *details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  const char *digest = quilt_image_get_digest (self);
  g_auto (GStrv) names = quilt_image_get_rule_names (self, digest);

  quilt_authority_add_image_details (details, "inspect", NULL, names, digest, NULL);
  return details;
}

static void
inspect_authorized (GDBusMethodInvocation *invocation, gpointer data)
{
  QuiltImage *self = data;
  g_autoptr (GPtrArray) details = inspect_details (self);

  quilt_authority_consult (quilt_images_get_authority (quilt_image_get_images (self)), invocation,
                           QUILT_ACTION_MANAGE_IMAGES, details, inspect_consulted, self);
}

static gboolean
handle_inspect (QuiltBusImage *iface, GDBusMethodInvocation *call, GVariant *options)
{
  QuiltImage *self = QUILT_IMAGE (iface);
  g_autoptr (GPtrArray) details = inspect_details (self);
  g_autoptr (GError) error = NULL;

  if (!quilt_dict_read (options, NULL, 0, &error)) {
    quilt_bus_error_return (call, error);
    return G_DBUS_METHOD_INVOCATION_HANDLED;
  }
  g_object_set_data_full (G_OBJECT (call), "quilt-image", g_object_ref (self), g_object_unref);
  quilt_authority_require (quilt_images_get_authority (quilt_image_get_images (self)), call,
                           QUILT_ACTION_INSPECT, details, inspect_authorized, self);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_remove (QuiltBusImage *iface, GDBusMethodInvocation *call, GVariant *options)
{
  QuiltImage *self = QUILT_IMAGE (iface);

  quilt_image_remove_one (quilt_image_get_images (self), call, quilt_image_get_digest (self),
                          options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

void
quilt_image_methods_install (void)
{
  gpointer class = g_type_class_ref (QUILT_TYPE_IMAGE); /* for ever */
  QuiltBusImageIface *iface = g_type_interface_peek (class, QUILT_BUS_TYPE_IMAGE);

  iface->handle_inspect = handle_inspect;
  iface->handle_remove = handle_remove;
}
