/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls Inspect, which gives details of an object to users that may inspect it. */
#include "ctl/verbs/detail.h"

#include "ctl/bus.h"
#include "ctl/text.h"

#include <string.h>

/* The limit for a record or an OCI configuration; the daemon's own limits are much lower. */
#define INSPECT_MAX (16 * 1024 * 1024)

json_object *
quilt_detail_inspect (
    QuiltCtl *ctl, const char *path, const char *interface, gboolean oci, GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) bytes = NULL;
  GVariantBuilder options;
  const char *data;
  gsize length;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (oci)
    g_variant_builder_add (&options, "{sv}", "oci", g_variant_new_boolean (TRUE));
  reply = quilt_bus_call (ctl, path, interface, "Inspect", g_variant_new ("(a{sv})", &options),
                          "(ay)", error);
  if (!reply)
    return NULL;
  bytes = g_variant_get_child_value (reply, 0);
  data = g_variant_get_fixed_array (bytes, &length, 1);
  while (length > 0 && (data[length - 1] == '\0' || data[length - 1] == '\n'))
    length--;
  return quilt_json_parse (data, length, INSPECT_MAX, error);
}

json_object *
quilt_detail_get (QuiltCtl *ctl, const char *path)
{
  gboolean no_ask_password = ctl->no_ask_password;
  json_object *record;

  ctl->no_ask_password = TRUE;
  record = quilt_detail_inspect (ctl, path, QUILT_BUS_CONTAINER, FALSE, NULL);
  ctl->no_ask_password = no_ask_password;
  return record;
}

char *
quilt_detail_command (json_object *record)
{
  g_autoptr (GString) line = NULL;
  json_object *command = NULL;

  if (!record || !json_object_object_get_ex (record, "command", &command) ||
      !json_object_is_type (command, json_type_array))
    return NULL;
  line = g_string_new (NULL);
  for (gsize i = 0; i < json_object_array_length (command); i++) {
    const char *word = json_object_get_string (json_object_array_get_idx (command, i));
    gboolean plain = *word && strcspn (word, " \t\n\"'\\$`;&|<>(){}*?!#~") == strlen (word);
    g_autofree char *quoted = plain ? NULL : g_shell_quote (word);

    g_string_append_printf (line, "%s%s", i > 0 ? " " : "", plain ? word : quoted);
  }
  return quilt_text_line (line->str);
}

const char *
quilt_detail_error (json_object *record)
{
  json_object *result = NULL, *error = NULL;
  const char *text;

  if (!record || !json_object_object_get_ex (record, "result", &result) ||
      !json_object_object_get_ex (result, "error", &error))
    return NULL;
  text = json_object_get_string (error);
  return text && *text ? text : NULL;
}
