/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors of an option of a container: one wording, written and read here. */
#include "base/option-error.h"

#include "base/text.h"

#include <string.h>

#define BEGINNING "Failed to set option '"

gboolean
quilt_option_error_set (GError **error, QuiltError code, const char *key, const char *format, ...)
{
  g_autofree char *rest = NULL;
  va_list args;

  va_start (args, format);
  rest = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, QUILT_ERROR, code, BEGINNING "%s'%s", key, rest);
  return FALSE;
}

gboolean
quilt_option_error_refuse (GError **error, const char *key, const char *value, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (value);

  return quilt_option_error_set (error, QUILT_ERROR_INVALID_ARGUMENT, key, " to '%s': %s", quoted,
                                 why);
}

gboolean
quilt_option_error_prefix (GError **error, const char *key)
{
  g_prefix_error (error, BEGINNING "%s': ", key);
  return FALSE;
}

char *
quilt_option_error_get_key (const GError *error, const char **ret_rest)
{
  const char *key = error->message + strlen (BEGINNING);
  const char *end;

  if (!g_str_has_prefix (error->message, BEGINNING) || !(end = strchr (key, '\'')))
    return NULL;
  *ret_rest = end + 1;
  return g_strndup (key, (gsize)(end - key));
}
