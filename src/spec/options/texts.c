/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses the text form of options that are structures. */
#include "spec/options/texts.h"

#include "base/error.h"
#include "base/text.h"
#include "spec/quantities.h"

#include <string.h>

#define COLONS "; write a ':' in a path as '\\:'"
#define RATE_TEXT "must be DEVICE:RATE, such as '/dev/sda:"

static GVariant *
refuse (GError **error, QuiltError code, const char *option, const char *text, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (text);

  g_set_error (error, QUILT_ERROR, code, "Failed to set option %s to '%s': %s", option, quoted,
               why);
  return NULL;
}

/* An empty text has one empty part. */
static char **
divide (const char *text)
{
  g_autoptr (GStrvBuilder) parts = g_strv_builder_new ();
  g_autoptr (GString) part = g_string_new (NULL);

  for (; *text; text++) {
    if (*text == '\\' && (text[1] == ':' || text[1] == '\\')) {
      g_string_append_c (part, *++text);
    } else if (*text == ':') {
      g_strv_builder_add (parts, part->str);
      g_string_truncate (part, 0);
    } else {
      g_string_append_c (part, *text);
    }
  }
  g_strv_builder_add (parts, part->str);
  return g_strv_builder_end (parts);
}

GVariant *
quilt_volume_from_text (const char *option, const char *text, GError **error)
{
  g_auto (GStrv) parts = divide (text);
  const guint n = g_strv_length (parts);
  g_auto (GStrv) options = g_strsplit (n > 2 ? parts[2] : "", ",", -1);

  /* A named volume of podman and docker. */
  if (n == 1 && *text == '/')
    return refuse (
        error, QUILT_ERROR_NOT_SUPPORTED, option, text,
        "volumes without a source are not supported yet; must be HOST-PATH:CONTAINER-PATH");
  if (n < 2 || n > 3)
    return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, option, text,
                   "must be HOST-PATH:CONTAINER-PATH[:OPTION,...]" COLONS);
  if (*parts[1] != '/')
    return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, option, text,
                   "the path in the container must be absolute" COLONS);
  return g_variant_new ("(ss^as)", parts[0], parts[1], options);
}

GVariant *
quilt_tmpfs_from_text (const char *option, const char *text, GError **error)
{
  g_auto (GStrv) parts = divide (text);
  const guint n = g_strv_length (parts);
  g_auto (GStrv) options = g_strsplit (n > 1 ? parts[1] : "", ",", -1);

  if (n > 2)
    return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, option, text,
                   "must be PATH[:OPTION,...]" COLONS);
  return g_variant_new ("(s^as)", parts[0], options);
}

GVariant *
quilt_device_from_text (const char *option, const char *text, GError **error)
{
  g_auto (GStrv) parts = divide (text);
  const guint n = g_strv_length (parts);
  const char *path = n > 1 ? parts[1] : "";
  const char *access = n > 2 ? parts[2] : "";

  /* As in podman, the second part may be the access. */
  if (n == 2 && strspn (path, "rwm") == strlen (path)) {
    access = path;
    path = "";
  }
  /* An empty part must not mean the default, since it may come from an unset variable. */
  if (n > 3 || g_strv_contains ((const char *const *)parts, ""))
    return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, option, text,
                   "must be HOST[:PATH[:ACCESS]]" COLONS);
  return g_variant_new ("(sss)", parts[0], path, access);
}

static GVariant *
read_rate (const char *option,
           const char *text,
           gboolean (*parse) (const char *text, guint64 *ret_value, GError **error),
           const char *why,
           GError **error)
{
  const char *colon = strrchr (text, ':');
  g_autofree char *path = colon ? g_strndup (text, (gsize)(colon - text)) : NULL;
  guint64 rate;

  if (!path || !parse (colon + 1, &rate, NULL) || rate == 0 || rate == QUILT_INFINITY)
    return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, option, text, why);
  return g_variant_new ("(st)", path, rate);
}

GVariant *
quilt_byte_rate_from_text (const char *option, const char *text, GError **error)
{
  return read_rate (option, text, quilt_parse_bytes, RATE_TEXT "10M' (bytes a second, above 0)",
                    error);
}

static gboolean
parse_operations (const char *text, guint64 *ret_value, GError **error)
{
  return g_ascii_string_to_unsigned (text, 10, 1, G_MAXINT64, ret_value, error);
}

GVariant *
quilt_operation_rate_from_text (const char *option, const char *text, GError **error)
{
  return read_rate (option, text, parse_operations,
                    RATE_TEXT "1000' (operations a second, above 0)", error);
}
