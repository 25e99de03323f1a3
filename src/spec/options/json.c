/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options in a record. Every option is stored by its D-Bus name, so that a later change of defaults
 * changes no container. null means "no limit". */
#include "spec/options/table.h"

#include "base/error.h"
#include "base/json.h"
#include "spec/quantities.h"

static const QuiltField value_fields[] = {
    [QUILT_OPTION_STRING] = {"", QUILT_FIELD_STRING, quilt_field_string},
    [QUILT_OPTION_STRINGS] = {"", QUILT_FIELD_ARRAY, quilt_field_strv},
    [QUILT_OPTION_BYTES] = {"", QUILT_FIELD_ARRAY, quilt_field_strv},
    [QUILT_OPTION_UINT64] = {"", QUILT_FIELD_INT, quilt_field_uint64},
    [QUILT_OPTION_INT64] = {"", QUILT_FIELD_INT, quilt_field_int64},
    [QUILT_OPTION_INT32] = {"", QUILT_FIELD_INT, quilt_field_int64},
    [QUILT_OPTION_BOOLEAN] = {"", QUILT_FIELD_BOOL, quilt_field_bool},
};

/* Returns FALSE if there is nothing to print, since a missing key has the same meaning. */
static gboolean
to_json (const QuiltOption *option, const QuiltOptions *options, json_object **ret_value)
{
  gpointer member = quilt_option_member (option, options);
  char **strings;

  *ret_value = NULL;
  switch (option->type) {
  case QUILT_OPTION_STRING:
    *ret_value = *(char **)member ? json_object_new_string (*(char **)member) : NULL;
    return *ret_value != NULL;
  case QUILT_OPTION_STRINGS:
  case QUILT_OPTION_BYTES:
    strings = *(char ***)member;
    *ret_value = strings && *strings ? quilt_json_new_strv ((const char *const *)strings) : NULL;
    return *ret_value != NULL;
  case QUILT_OPTION_UINT64:
    if (*(guint64 *)member != QUILT_INFINITY)
      *ret_value = json_object_new_uint64 (*(guint64 *)member);
    return TRUE;
  case QUILT_OPTION_INT64:
  case QUILT_OPTION_INT32:
    *ret_value = json_object_new_int64 (*(gint64 *)member);
    return TRUE;
  case QUILT_OPTION_BOOLEAN:
    *ret_value = json_object_new_boolean (*(gboolean *)member);
    return TRUE;
  case QUILT_OPTION_ENTRIES:
    if (quilt_entries_count (*(GVariant **)member) > 0)
      *ret_value = quilt_entries_to_json (option->shape, *(GVariant **)member);
    return *ret_value != NULL;
  }
  g_return_val_if_reached (FALSE);
}

json_object *
quilt_options_to_json (const QuiltOptions *options)
{
  json_object *object = json_object_new_object ();

  for (const QuiltOption *option = quilt_option_table; option->key; option++) {
    json_object *value;

    if (to_json (option, options, &value))
      json_object_object_add (object, option->key, value);
  }
  quilt_json_add_members (object, options->more);
  return object;
}

static gboolean
read_entries (const QuiltOption *option, json_object *value, GVariant **member, GError **error)
{
  GVariant *entries = quilt_entries_from_json (option->shape, value, option->key, error);

  if (!entries)
    return FALSE;
  g_clear_pointer (member, g_variant_unref);
  *member = entries;
  return TRUE;
}

static gboolean
read_value (const QuiltOption *option, json_object *value, gpointer member, GError **error)
{
  const QuiltField *field;

  if (option->type == QUILT_OPTION_ENTRIES)
    return read_entries (option, value, member, error);
  field = &value_fields[option->type];
  return field->parse (field, value, option->key, member, error);
}

static gboolean
from_json (const QuiltOption *option, json_object *value, QuiltOptions *options, GError **error)
{
  gpointer member = quilt_option_member (option, options);

  if (!value && option->infinite)
    *(guint64 *)member = QUILT_INFINITY;
  else if (!read_value (option, value, member, error))
    return FALSE;
  return quilt_option_check (option, options, error);
}

QuiltOptions *
quilt_options_from_json (json_object *object, GError **error)
{
  g_autoptr (QuiltOptions) options = quilt_options_new ();
  g_autoptr (json_object) more = json_object_new_object ();

  if (!json_object_is_type (object, json_type_object)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to read options: must be an object");
    return NULL;
  }
  json_object_object_foreach (object, key, value) {
    const QuiltOption *option = quilt_option_find (key);

    if (!option)
      json_object_object_add (more, key, json_object_get (value));
    else if (!from_json (option, value, options, error))
      return NULL;
  }
  if (!quilt_options_check_together (options, error))
    return NULL;
  quilt_options_normalize (options);
  if (json_object_object_length (more) > 0)
    options->more = quilt_json_print (more, FALSE);
  return g_steal_pointer (&options);
}
