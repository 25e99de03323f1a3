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
inspect_consulted (QuiltCall *call, gboolean values, gpointer data)
{
  QuiltImage *self = data;
  g_autoptr (json_object) object = quilt_image_record_to_json (quilt_image_get_record (self));
  json_object *config = NULL, *env = NULL;
  g_autofree char *json = NULL;

  if (!values && json_object_object_get_ex (object, "config", &config) &&
      json_object_object_get_ex (config, "env", &env))
    quilt_environment_hide_json (env);
  json_object_object_del (object, "setup-key"); /* a guess at a secret could be checked by it */
  json = quilt_json_print (object, TRUE);
  quilt_call_return (call,
                     g_variant_new ("(@ay)", g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, json,
                                                                        strlen (json), 1)));
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
inspect_authorized (QuiltCall *call, gpointer data)
{
  QuiltImage *self = data;
  g_autoptr (GPtrArray) details = inspect_details (self);

  quilt_authority_consult (quilt_images_get_authority (quilt_image_get_images (self)), call,
                           QUILT_ACTION_MANAGE_IMAGES, details, inspect_consulted, self);
}

static void
handle_inspect (QuiltCall *call, GVariant *args, gpointer object)
{
  QuiltImage *self = object;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 0);
  g_autoptr (GPtrArray) details = inspect_details (self);
  g_autoptr (GError) error = NULL;

  if (!quilt_dict_read (options, NULL, 0, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  quilt_call_attach (call, "quilt-image", g_object_ref (self), g_object_unref);
  quilt_authority_require (quilt_images_get_authority (quilt_image_get_images (self)), call,
                           QUILT_ACTION_INSPECT, details, inspect_authorized, self);
}

static void
handle_remove (QuiltCall *call, GVariant *args, gpointer object)
{
  QuiltImage *self = object;
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 0);

  quilt_image_remove_one (quilt_image_get_images (self), call, quilt_image_get_digest (self),
                          options);
}

const QuiltMethodHandler quilt_image_methods[] = {
    {"Inspect", handle_inspect},
    {"Remove", handle_remove},
    {NULL, NULL},
};
