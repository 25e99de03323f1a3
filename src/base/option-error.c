/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors of a container's options: their wording, and the key as data. */
#include "base/option-error.h"

#include "base/text.h"

static void
set (GError **error, int code, const char *key, const char *problem)
{
  if (!error)
    return;
  g_set_error (error, QUILT_ERROR, code, "Failed to set option '%s'%s", key, problem);
  quilt_option_error_attach (*error, key, problem);
}

gboolean
quilt_option_error_set (GError **error, QuiltError code, const char *key, const char *format, ...)
{
  g_autofree char *problem = NULL;
  va_list args;

  va_start (args, format);
  problem = g_strdup_vprintf (format, args);
  va_end (args);
  set (error, code, key, problem);
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
  g_autoptr (GError) cause = error ? g_steal_pointer (error) : NULL;
  g_autofree char *problem = NULL;

  if (!cause)
    return FALSE;
  problem = g_strconcat (": ", cause->message, NULL);
  set (error, cause->domain == QUILT_ERROR ? cause->code : QUILT_ERROR_FAILED, key, problem);
  return FALSE;
}

void
quilt_option_error_attach (GError *error, const char *key, const char *problem)
{
  QuiltErrorOption *option = quilt_error_get_option (error);

  g_return_if_fail (option && !option->key);
  option->key = g_strdup (key);
  option->problem = g_strdup (problem);
}

const char *
quilt_option_error_get_key (const GError *error, const char **ret_problem)
{
  const QuiltErrorOption *option = quilt_error_get_option (error);

  if (!option || !option->key)
    return NULL;
  *ret_problem = option->problem;
  return option->key;
}
