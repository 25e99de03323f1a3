/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors of D-Bus calls. */
#include "dbus/error.h"

typedef struct {
  char *name; /* NULL: the error did not come over the bus */
  GVariant *details;
} QuiltDbusErrorPrivate;

static void
quilt_dbus_error_private_init (QuiltDbusErrorPrivate *self)
{
}

static void
quilt_dbus_error_private_copy (const QuiltDbusErrorPrivate *from, QuiltDbusErrorPrivate *to)
{
  to->name = g_strdup (from->name);
  to->details = from->details ? g_variant_ref (from->details) : NULL;
}

static void
quilt_dbus_error_private_clear (QuiltDbusErrorPrivate *self)
{
  g_free (self->name);
  g_clear_pointer (&self->details, g_variant_unref);
}

G_DEFINE_EXTENDED_ERROR (QuiltDbusError, quilt_dbus_error)

/* Gets an argument of a body, if it has this type. */
static GVariant *
get_argument (GVariant *body, gsize i, const GVariantType *type)
{
  g_autoptr (GVariant) argument =
      g_variant_n_children (body) > i ? g_variant_get_child_value (body, i) : NULL;

  return argument && g_variant_is_of_type (argument, type) ? g_steal_pointer (&argument) : NULL;
}

GError *
quilt_dbus_error_new_remote (const char *name, GVariant *body)
{
  g_autoptr (GVariant) text = get_argument (body, 0, G_VARIANT_TYPE_STRING);
  GError *error = g_error_new_literal (QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_REMOTE,
                                       text ? g_variant_get_string (text, NULL) : "");
  QuiltDbusErrorPrivate *self = quilt_dbus_error_get_private (error);

  self->name = g_strdup (name);
  self->details = get_argument (body, 1, G_VARIANT_TYPE_VARDICT);
  return error;
}

const char *
quilt_dbus_error_get_name (const GError *error)
{
  return error->domain == QUILT_DBUS_ERROR ? quilt_dbus_error_get_private (error)->name : NULL;
}

GVariant *
quilt_dbus_error_get_details (const GError *error)
{
  return error->domain == QUILT_DBUS_ERROR ? quilt_dbus_error_get_private (error)->details : NULL;
}
