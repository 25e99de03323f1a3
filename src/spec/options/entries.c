/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads and prints options that are lists of structures, for records. */
#include "spec/options/entries.h"

#include "base/error.h"

#include <string.h>

gsize
quilt_entries_count (GVariant *entries)
{
  return entries ? g_variant_n_children (entries) : 0;
}

GVariant *
quilt_entries_copy (GVariant *entries)
{
  const gsize size = g_variant_get_size (entries);
  gpointer data = g_malloc (size);

  g_variant_store (entries, data);
  return g_variant_ref_sink (
      g_variant_new_from_data (g_variant_get_type (entries), data, size, TRUE, g_free, data));
}

static json_object *
print_member (GVariant *member)
{
  g_autofree const char **strings = NULL;

  switch (g_variant_classify (member)) {
  case G_VARIANT_CLASS_STRING:
    return json_object_new_string (g_variant_get_string (member, NULL));
  case G_VARIANT_CLASS_UINT64:
    return json_object_new_uint64 (g_variant_get_uint64 (member));
  default:
    strings = g_variant_get_strv (member, NULL);
    return quilt_json_new_strv (strings);
  }
}

json_object *
quilt_entries_to_json (const QuiltShape *shape, GVariant *entries)
{
  json_object *array = json_object_new_array ();

  for (gsize i = 0; i < quilt_entries_count (entries); i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (entries, i);
    json_object *object = json_object_new_object ();

    for (gsize m = 0; shape->members[m].name; m++) {
      g_autoptr (GVariant) member = g_variant_get_child_value (entry, m);

      json_object_object_add (object, shape->members[m].name, print_member (member));
    }
    json_object_array_add (array, object);
  }
  return array;
}

/* A record's strings may be any bytes, but those of a GVariant must be UTF-8. */
static gboolean
check_text (const char *text, const char *path, GError **error)
{
  if (g_utf8_validate (text, -1, NULL))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read '%s': must be UTF-8", path);
  return FALSE;
}

static GVariant *
new_member (const QuiltField *field, const QuiltShapeValue *value, const char *path, GError **error)
{
  static const char *const none[] = {NULL};

  if (field->type == QUILT_FIELD_INT)
    return g_variant_new_uint64 (value->number);
  if (field->type == QUILT_FIELD_STRING) {
    const char *text = value->string ? value->string : "";

    return check_text (text, path, error) ? g_variant_new_string (text) : NULL;
  }
  for (char **string = value->strings; string && *string; string++)
    if (!check_text (*string, path, error))
      return NULL;
  return g_variant_new_strv (value->strings ? (const char *const *)value->strings : none, -1);
}

static void
clear_values (const QuiltShape *shape, QuiltShapeValue *values)
{
  for (gsize m = 0; shape->members[m].name; m++)
    if (shape->members[m].type == QUILT_FIELD_STRING)
      g_free (values[m].string);
    else if (shape->members[m].type == QUILT_FIELD_ARRAY)
      g_strfreev (values[m].strings);
}

static GVariant *
read_object (const QuiltShape *shape, json_object *object, const char *path, GError **error)
{
  QuiltShapeValue values[QUILT_SHAPE_MEMBERS] = {{NULL}};
  GVariantBuilder builder;
  gboolean ok = quilt_json_read (shape->members, object, path, values, error);

  g_variant_builder_init (&builder, g_variant_type_element (G_VARIANT_TYPE (shape->type)));
  for (gsize m = 0; ok && shape->members[m].name; m++) {
    GVariant *member = new_member (&shape->members[m], &values[m], path, error);

    ok = member != NULL;
    if (ok)
      g_variant_builder_add_value (&builder, member);
  }
  clear_values (shape, values);
  if (ok)
    return g_variant_builder_end (&builder);
  g_variant_builder_clear (&builder);
  return NULL;
}

/* Reads a structure from text. Errors name the option by its path, such as "volumes[0]". */
static GVariant *
read_text (const QuiltShape *shape, json_object *value, const char *path, GError **error)
{
  const char *text = json_object_get_string (value);

  return check_text (text, path, error) ? shape->from_text (path, text, error) : NULL;
}

GVariant *
quilt_entries_from_json (const QuiltShape *shape,
                         json_object *array,
                         const char *path,
                         GError **error)
{
  g_autoptr (GVariant) entries = NULL;
  GVariantBuilder builder;

  if (!json_object_is_type (array, json_type_array)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to read '%s': must be an array", path);
    return NULL;
  }
  g_variant_builder_init (&builder, G_VARIANT_TYPE (shape->type));
  for (gsize i = 0; i < json_object_array_length (array); i++) {
    json_object *value = json_object_array_get_idx (array, i);
    g_autofree char *here = g_strdup_printf ("%s[%" G_GSIZE_FORMAT "]", path, i);
    GVariant *entry = json_object_is_type (value, json_type_string)
                          ? read_text (shape, value, here, error)
                          : read_object (shape, value, here, error);

    if (!entry) {
      g_variant_builder_clear (&builder);
      return NULL;
    }
    g_variant_builder_add_value (&builder, entry);
  }
  entries = g_variant_ref_sink (g_variant_builder_end (&builder));
  return quilt_entries_copy (entries);
}
