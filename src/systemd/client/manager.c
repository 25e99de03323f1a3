/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of systemd's manager, its errors and its names. */
#include "systemd/client/manager.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define UNITS QUILT_SYSTEMD_PATH "/unit/"
#define BUS_ERROR "org.freedesktop.DBus.Error."

/* systemd writes files and kernel attributes in its main loop: it may take seconds. */
#define CALL_TIMEOUT_SEC 25

#define TEXT_MAX 300

QuiltDbusCall
quilt_systemd_make_call (const char *method, GVariant *arguments, const char *reply)
{
  return (QuiltDbusCall){.destination = QUILT_SYSTEMD_NAME,
                         .path = QUILT_SYSTEMD_PATH,
                         .interface = QUILT_SYSTEMD_MANAGER,
                         .method = method,
                         .args = arguments,
                         .reply_type = reply,
                         .timeout_sec = CALL_TIMEOUT_SEC};
}

QuiltDbusCall
quilt_systemd_make_property_call (const char *path,
                                  const char *method,
                                  GVariant *arguments,
                                  const char *reply)
{
  QuiltDbusCall call = quilt_systemd_make_call (method, arguments, reply);

  call.path = path;
  call.interface = "org.freedesktop.DBus.Properties";
  return call;
}

gboolean
quilt_systemd_is_error (const GError *error, const char *name)
{
  const char *remote = quilt_dbus_error_get_name (error);

  return remote && g_str_has_prefix (remote, QUILT_SYSTEMD_NAME ".") &&
         strcmp (remote + strlen (QUILT_SYSTEMD_NAME "."), name) == 0;
}

gboolean
quilt_systemd_was_away (const GError *error)
{
  static const char *const names[] = {BUS_ERROR "NoReply", BUS_ERROR "Disconnected",
                                      BUS_ERROR "ServiceUnknown", BUS_ERROR "NameHasNoOwner", NULL};
  const char *remote = quilt_dbus_error_get_name (error);

  return remote &&
         (g_strv_contains (names, remote) || g_str_has_prefix (remote, BUS_ERROR "Spawn."));
}

GError *
quilt_systemd_describe (const GError *cause, const char *verb, const char *unit)
{
  g_autofree char *text = quilt_text_printable (cause->message, -1, TEXT_MAX);
  const gboolean is_missing = quilt_systemd_is_error (cause, "NoSuchUnit");

  return g_error_new (QUILT_ERROR, is_missing ? QUILT_ERROR_NOT_FOUND : QUILT_ERROR_FAILED,
                      "Failed to %s '%s': %s", verb, unit, text);
}

char *
quilt_systemd_unit_to_path (const char *unit)
{
  GString *path = g_string_new (UNITS);

  if (*unit == '\0')
    g_string_append_c (path, '_');
  for (const char *c = unit; *c; c++)
    if (g_ascii_isalpha (*c) || (c > unit && g_ascii_isdigit (*c)))
      g_string_append_c (path, *c);
    else
      g_string_append_printf (path, "_%02x", (guint)(guchar)*c);
  return g_string_free (path, FALSE);
}

char *
quilt_systemd_unit_from_path (const char *path)
{
  g_autoptr (GString) unit = g_string_new (NULL);
  const char *c;

  if (!g_str_has_prefix (path, UNITS))
    return NULL;
  for (c = path + strlen (UNITS); *c; c++) {
    if (g_ascii_isalnum (*c)) {
      g_string_append_c (unit, *c);
    } else if (*c == '_' && g_ascii_isxdigit (c[1]) && g_ascii_isxdigit (c[2])) {
      g_string_append_c (unit,
                         (char)(g_ascii_xdigit_value (c[1]) << 4 | g_ascii_xdigit_value (c[2])));
      c += 2;
    } else {
      return NULL;
    }
  }
  return unit->len > 0 && strlen (unit->str) == unit->len ? g_strdup (unit->str) : NULL;
}
