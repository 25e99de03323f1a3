/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads JSON values by tables, and prints JSON. */
#include "base/json.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

static const enum json_type json_types[] = {
    [QUILT_FIELD_OBJECT] = json_type_object, [QUILT_FIELD_ARRAY] = json_type_array,
    [QUILT_FIELD_STRING] = json_type_string, [QUILT_FIELD_INT] = json_type_int,
    [QUILT_FIELD_BOOL] = json_type_boolean,
};

static const char *const type_names[] = {
    [QUILT_FIELD_OBJECT] = "an object", [QUILT_FIELD_ARRAY] = "an array",
    [QUILT_FIELD_STRING] = "a string",  [QUILT_FIELD_INT] = "an integer",
    [QUILT_FIELD_BOOL] = "a boolean",
};

/* path is printable: it comes from quilt_json_path(). */
static gboolean
refuse (GError **error, QuiltError code, const char *path, const char *why)
{
  g_set_error (error, QUILT_ERROR, code, "Failed to read '%s': %s", path, why);
  return FALSE;
}

static char *
join_path (const char *path, const char *key)
{
  g_autofree char *quoted = quilt_text_quote (key);

  return path && *path ? g_strconcat (path, ".", quoted, NULL) : g_steal_pointer (&quoted);
}

static gboolean
check_type (QuiltFieldType type, json_object *value, const char *path, GError **error)
{
  if (type == QUILT_FIELD_ANY || json_object_is_type (value, json_types[type]))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read '%s': must be %s, not of type %s", path, type_names[type],
               json_type_to_name (json_object_get_type (value)));
  return FALSE;
}

const QuiltField *
quilt_json_find_field (const QuiltField *fields, const char *key)
{
  while (fields->name && !g_str_equal (fields->name, key))
    fields++;
  return fields->name ? fields : NULL;
}

static void
prune_array (const QuiltField *field, json_object *array, const char *path, GPtrArray *unknown)
{
  for (gsize i = json_object_array_length (array); i-- > 0;) {
    json_object *item = json_object_array_get_idx (array, i);
    g_autofree char *here = g_strdup_printf ("%s[%" G_GSIZE_FORMAT "]", path, i);

    if (field->fields && json_object_is_type (item, json_type_object))
      quilt_json_prune (field->fields, item, here, unknown);
    if (field->knows && json_object_is_type (item, json_type_string) &&
        !field->knows (json_object_get_string (item))) {
      g_autofree char *quoted = quilt_text_quote (json_object_get_string (item));

      g_ptr_array_add (unknown, g_strdup_printf ("%s '%s'", path, quoted));
      json_object_array_del_idx (array, i, 1);
    }
  }
}

static void
prune_value (const QuiltField *field, json_object *value, const char *path, GPtrArray *unknown)
{
  if (json_object_is_type (value, json_type_array) && (field->fields || field->knows)) {
    prune_array (field, value, path, unknown);
    return;
  }
  if (!field->fields || !json_object_is_type (value, json_type_object))
    return;
  if (!field->by_name) {
    quilt_json_prune (field->fields, value, path, unknown);
    return;
  }
  json_object_object_foreach (value, key, item) {
    g_autofree char *here = join_path (path, key);

    if (json_object_is_type (item, json_type_object))
      quilt_json_prune (field->fields, item, here, unknown);
  }
}

void
quilt_json_prune (const QuiltField *fields,
                  json_object *object,
                  const char *path,
                  GPtrArray *unknown)
{
  /* The macro has fetched the next key, so the body may delete this one. */
  json_object_object_foreach (object, key, value) {
    g_autofree char *here = join_path (path, key);
    const QuiltField *field = quilt_json_find_field (fields, key);

    if (field) {
      prune_value (field, value, here, unknown);
    } else {
      g_ptr_array_add (unknown, g_steal_pointer (&here));
      json_object_object_del (object, key);
    }
  }
}

gboolean
quilt_json_read (
    const QuiltField *fields, json_object *object, const char *path, void *target, GError **error)
{
  if (!check_type (QUILT_FIELD_OBJECT, object, path && *path ? path : "the text", error))
    return FALSE;
  json_object_object_foreach (object, key, value) {
    g_autofree char *here = join_path (path, key);
    const QuiltField *field = quilt_json_find_field (fields, key);

    if (!field)
      return refuse (error, QUILT_ERROR_NOT_SUPPORTED, here, "unknown key");
    if (!check_type (field->type, value, here, error))
      return FALSE;
    if (field->parse && !field->parse (field, value, here, (char *)target + field->offset, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
quilt_field_string (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  char **string = member;

  if (!check_type (QUILT_FIELD_STRING, value, path, error))
    return FALSE;
  g_free (*string);
  *string = g_strdup (json_object_get_string (value));
  return TRUE;
}

gboolean
quilt_field_strv (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);
  char ***strv = member;

  if (!check_type (QUILT_FIELD_ARRAY, value, path, error))
    return FALSE;
  for (gsize i = 0; i < json_object_array_length (value); i++) {
    json_object *item = json_object_array_get_idx (value, i);

    if (!json_object_is_type (item, json_type_string)) {
      g_autofree char *here = g_strdup_printf ("%s[%" G_GSIZE_FORMAT "]", path, i);

      return check_type (QUILT_FIELD_STRING, item, here, error);
    }
    g_ptr_array_add (strings, g_strdup (json_object_get_string (item)));
  }
  g_ptr_array_add (strings, NULL);
  g_strfreev (*strv);
  *strv = (char **)g_ptr_array_free (g_steal_pointer (&strings), FALSE);
  return TRUE;
}

gboolean
quilt_field_bool (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (!check_type (QUILT_FIELD_BOOL, value, path, error))
    return FALSE;
  *(gboolean *)member = json_object_get_boolean (value);
  return TRUE;
}

gboolean
quilt_field_int64 (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (!check_type (QUILT_FIELD_INT, value, path, error))
    return FALSE;
  /* json-c silently limits larger numbers. */
  if (json_object_get_uint64 (value) > G_MAXINT64)
    return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, path,
                   "must be at most " G_STRINGIFY (9223372036854775807));
  *(gint64 *)member = json_object_get_int64 (value);
  return TRUE;
}

gboolean
quilt_field_uint64 (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (!check_type (QUILT_FIELD_INT, value, path, error))
    return FALSE;
  if (json_object_get_int64 (value) < 0)
    return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, path, "must not be negative");
  *(guint64 *)member = json_object_get_uint64 (value);
  return TRUE;
}

gboolean
quilt_field_unsupported (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if ((json_object_is_type (value, json_type_object) && json_object_object_length (value) == 0) ||
      (json_object_is_type (value, json_type_array) && json_object_array_length (value) == 0) ||
      (json_object_is_type (value, json_type_string) && json_object_get_string_len (value) == 0))
    return TRUE;
  return refuse (error, QUILT_ERROR_NOT_SUPPORTED, path,
                 field->reason ? field->reason : "not supported by Quilt");
}

char *
quilt_json_print (json_object *object, gboolean pretty)
{
  int flags = pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED : JSON_C_TO_STRING_PLAIN;

  return g_strdup (json_object_to_json_string_ext (object, flags | JSON_C_TO_STRING_NOSLASHESCAPE));
}

void
quilt_json_add_members (json_object *object, const char *text)
{
  gsize length = text ? strlen (text) : 0;
  g_autoptr (json_object) members = text ? quilt_json_parse (text, length, length, NULL) : NULL;

  if (!members)
    return;
  json_object_object_foreach (members, key, value) {
    json_object_object_add (object, key, json_object_get (value));
  }
}

json_object *
quilt_json_new_strv (const char *const *strv)
{
  json_object *array = json_object_new_array ();

  for (; strv && *strv; strv++)
    json_object_array_add (array, json_object_new_string (*strv));
  return array;
}
