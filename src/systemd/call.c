/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of systemd's manager, and its errors. */
#include "systemd/call.h"

#include "base/error.h"

#include <string.h>

void
quilt_systemd_call (GDBusConnection *bus,
                    const char *method,
                    GVariant *arguments,
                    const char *reply,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer data)
{
  g_dbus_connection_call (bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, method, arguments,
                          reply ? G_VARIANT_TYPE (reply) : NULL, G_DBUS_CALL_FLAGS_NONE, -1,
                          cancellable, callback, data);
}

gboolean
quilt_systemd_is_error (const GError *error, const char *name)
{
  g_autofree char *remote = g_dbus_error_get_remote_error (error);

  return remote && g_str_has_prefix (remote, SYSTEMD_NAME ".") &&
         g_str_equal (remote + strlen (SYSTEMD_NAME "."), name);
}

GError *
quilt_systemd_describe (const GError *cause, const char *verb, const char *unit)
{
  g_autoptr (GError) plain = g_error_copy (cause);
  int code = QUILT_ERROR_FAILED;

  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    code = QUILT_ERROR_CANCELLED;
  else if (quilt_systemd_is_error (cause, "NoSuchUnit"))
    code = QUILT_ERROR_NOT_FOUND;
  g_dbus_error_strip_remote_error (plain);
  return g_error_new (QUILT_ERROR, code, "Failed to %s '%s': %s", verb, unit, plain->message);
}
