/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses --change of import and commit, which sets parts of an image's configuration. */
#include "ctl/options/change.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "spec/signals.h"

#include <string.h>

#define JSON_MAX (512 * 1024)

char **
quilt_command_parse_json (const char *what, const char *text, GError **error)
{
  g_autoptr (json_object) array = quilt_json_parse (text, strlen (text), JSON_MAX, NULL);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();
  gboolean good = array && json_object_is_type (array, json_type_array);
  g_autofree char *quoted = NULL;

  for (gsize i = 0; good && i < json_object_array_length (array); i++) {
    json_object *word = json_object_array_get_idx (array, i);

    good = json_object_is_type (word, json_type_string) &&
           strlen (json_object_get_string (word)) == (gsize)json_object_get_string_len (word);
    if (good)
      g_strv_builder_add (words, json_object_get_string (word));
  }
  if (good && json_object_array_length (array) > 0)
    return g_strv_builder_end (words);
  quoted = quilt_text_quote (text);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read %s '%s': must be a JSON array of strings, such as [\"sh\", \"-c\"]",
               what, quoted);
  return NULL;
}

static gboolean
refuse (const char *change, QuiltError code, const char *why, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (change);

  g_set_error (error, QUILT_ERROR, code, "Failed to read change '%s': %s", quoted, why);
  return FALSE;
}

static void
insert_bytes (GVariantDict *dict, const char *key, char **words)
{
  g_variant_dict_insert_value (dict, key,
                               g_variant_new_bytestring_array ((const char *const *)words, -1));
}

/* Parses a JSON array, or a line for the shell. */
static gboolean
add_command (GVariantDict *dict, const char *key, const char *value, GError **error)
{
  char *const shell[] = {(char *)"/bin/sh", (char *)"-c", (char *)value, NULL};
  g_auto (GStrv) words = NULL;

  if (*value != '[') {
    insert_bytes (dict, key, (char **)shell);
    return TRUE;
  }
  words = quilt_command_parse_json (key, value, error);
  if (words)
    insert_bytes (dict, key, words);
  return words != NULL;
}

/* Parses NAME=VALUE..., quoted as for a shell. */
static gboolean
add_env (const char *change, const char *value, GPtrArray *env, GError **error)
{
  g_auto (GStrv) words = NULL;

  if (!g_shell_parse_argv (value, NULL, &words, NULL))
    return refuse (change, QUILT_ERROR_INVALID_ARGUMENT, "must be ENV NAME=VALUE", error);
  for (char **word = words; *word; word++) {
    if (!strchr (*word, '=') || **word == '=')
      return refuse (change, QUILT_ERROR_INVALID_ARGUMENT, "must be ENV NAME=VALUE", error);
    g_ptr_array_add (env, g_strdup (*word));
  }
  return TRUE;
}

static gboolean
add_change (const char *change, GVariantDict *dict, GPtrArray *env, GError **error)
{
  gsize length = strcspn (change, " ");
  g_autofree char *instruction = g_ascii_strup (change, (gssize)length);
  const char *value = change + length + strspn (change + length, " ");
  int signal;

  if (!*value)
    return refuse (change, QUILT_ERROR_INVALID_ARGUMENT, "must be an instruction and its value",
                   error);
  if (!g_utf8_validate (change, -1, NULL))
    return refuse (change, QUILT_ERROR_INVALID_ARGUMENT, "must be UTF-8", error);
  if (strcmp (instruction, "CMD") == 0)
    return add_command (dict, "command", value, error);
  if (strcmp (instruction, "ENTRYPOINT") == 0)
    return add_command (dict, "entrypoint", value, error);
  if (strcmp (instruction, "ENV") == 0)
    return add_env (change, value, env, error);
  if (strcmp (instruction, "WORKDIR") == 0) {
    g_variant_dict_insert (dict, "working-directory", "s", value);
    return TRUE;
  }
  if (strcmp (instruction, "USER") == 0) {
    g_variant_dict_insert (dict, "user", "s", value);
    return TRUE;
  }
  if (strcmp (instruction, "STOPSIGNAL") != 0)
    return refuse (change, QUILT_ERROR_NOT_SUPPORTED,
                   "Quilt takes CMD, ENTRYPOINT, ENV, WORKDIR, STOPSIGNAL and USER", error);
  if (!quilt_parse_signal (value, &signal, error))
    return FALSE;
  g_variant_dict_insert (dict, "stop-signal", "i", signal);
  return TRUE;
}

gboolean
quilt_changes_add (char *const *changes, GVariantDict *dict, GError **error)
{
  g_autoptr (GPtrArray) env = g_ptr_array_new_with_free_func (g_free);

  for (; changes && *changes; changes++)
    if (!add_change (*changes, dict, env, error))
      return FALSE;
  if (env->len > 0)
    g_variant_dict_insert_value (
        dict, "env",
        g_variant_new_bytestring_array ((const char *const *)env->pdata, (gssize)env->len));
  return TRUE;
}
