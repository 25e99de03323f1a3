/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors of D-Bus calls. */
#include "dbus/error.h"

typedef struct {
  char *name; /* NULL: the error did not come over the bus */
} QuiltDbusErrorPrivate;

static void
quilt_dbus_error_private_init (QuiltDbusErrorPrivate *self)
{
}

static void
quilt_dbus_error_private_copy (const QuiltDbusErrorPrivate *from, QuiltDbusErrorPrivate *to)
{
  to->name = g_strdup (from->name);
}

static void
quilt_dbus_error_private_clear (QuiltDbusErrorPrivate *self)
{
  g_free (self->name);
}

G_DEFINE_EXTENDED_ERROR (QuiltDbusError, quilt_dbus_error)

GError *
quilt_dbus_error_new_remote (const char *name, const char *message)
{
  GError *error = g_error_new_literal (QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_REMOTE, message);

  quilt_dbus_error_get_private (error)->name = g_strdup (name);
  return error;
}

const char *
quilt_dbus_error_get_name (const GError *error)
{
  return error->domain == QUILT_DBUS_ERROR ? quilt_dbus_error_get_private (error)->name : NULL;
}
