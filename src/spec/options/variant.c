/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads options from D-Bus dictionaries. */
#include "spec/options/table.h"

#include "base/error.h"
#include "base/option-error.h"
#include "base/text.h"

#include <string.h>

#define BYTES_MAX 4096
#define ITEMS_MAX 1024

static const char *const variant_types[] = {
    [QUILT_OPTION_STRING] = "s",  [QUILT_OPTION_STRINGS] = "as", [QUILT_OPTION_BYTES] = "aay",
    [QUILT_OPTION_UINT64] = "t",  [QUILT_OPTION_INT64] = "x",    [QUILT_OPTION_INT32] = "i",
    [QUILT_OPTION_BOOLEAN] = "b",
};

static const char *
get_type (const QuiltOption *option)
{
  return option->type == QUILT_OPTION_ENTRIES ? option->shape->type : variant_types[option->type];
}

static gboolean
refuse (GError **error, QuiltError code, const char *key, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (key);

  return quilt_option_error_set (error, code, quoted, ": %s", why);
}

/* g_variant_get_bytestring() would take a string without a final NUL for empty, and cut at an inner
 * NUL. */
char **
quilt_variant_dup_bytestrings (GVariant *array)
{
  g_autoptr (GPtrArray) strings = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < g_variant_n_children (array); i++) {
    g_autoptr (GVariant) child = g_variant_get_child_value (array, i);
    gsize length;
    const char *bytes = g_variant_get_fixed_array (child, &length, 1);

    if (length > 0 && bytes[length - 1] == 0)
      length--;
    if (length > 0 && memchr (bytes, 0, length))
      return NULL;
    g_ptr_array_add (strings, g_strndup (length > 0 ? bytes : "", length));
  }
  g_ptr_array_add (strings, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&strings), FALSE);
}

/* Checks the size before anything is copied or parsed. */
static gboolean
check_size (const QuiltOption *option, GVariant *value, GError **error)
{
  const gsize max_bytes = option->max_bytes ? option->max_bytes : BYTES_MAX;
  const gsize max_items = option->max_items ? option->max_items : ITEMS_MAX;
  g_autofree char *why = NULL;

  if (option->type == QUILT_OPTION_STRING && g_variant_get_size (value) - 1 > max_bytes)
    why = g_strdup_printf ("must be at most %" G_GSIZE_FORMAT " bytes long", max_bytes);
  else if (g_variant_is_container (value) && g_variant_n_children (value) > max_items)
    why = g_strdup_printf ("there can be at most %" G_GSIZE_FORMAT ", not %" G_GSIZE_FORMAT,
                           max_items, g_variant_n_children (value));
  return !why || refuse (error, QUILT_ERROR_INVALID_ARGUMENT, option->key, why);
}

static gboolean
read_variant (const QuiltOption *option, GVariant *value, QuiltOptions *options, GError **error)
{
  gpointer member = quilt_option_member (option, options);
  g_auto (GStrv) strings = NULL;

  switch (option->type) {
  case QUILT_OPTION_STRING:
    g_free (*(char **)member);
    *(char **)member = g_variant_dup_string (value, NULL);
    return TRUE;
  case QUILT_OPTION_STRINGS:
  case QUILT_OPTION_BYTES:
    strings = option->type == QUILT_OPTION_BYTES ? quilt_variant_dup_bytestrings (value)
                                                 : g_variant_dup_strv (value, NULL);
    if (!strings)
      return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, option->key,
                     "must not contain NUL bytes");
    g_strfreev (*(char ***)member);
    *(char ***)member = g_steal_pointer (&strings);
    return TRUE;
  case QUILT_OPTION_UINT64:
    *(guint64 *)member = g_variant_get_uint64 (value);
    return TRUE;
  case QUILT_OPTION_INT64:
    *(gint64 *)member = g_variant_get_int64 (value);
    return TRUE;
  case QUILT_OPTION_INT32:
    *(gint64 *)member = g_variant_get_int32 (value);
    return TRUE;
  case QUILT_OPTION_BOOLEAN:
    *(gboolean *)member = g_variant_get_boolean (value);
    return TRUE;
  case QUILT_OPTION_ENTRIES:
    g_clear_pointer ((GVariant **)member, g_variant_unref);
    *(GVariant **)member = quilt_entries_copy (value);
    return TRUE;
  }
  g_return_val_if_reached (FALSE);
}

static gboolean
apply_key (
    const char *key, GVariant *value, gboolean live_only, QuiltOptions *options, GError **error)
{
  const QuiltOption *option = quilt_option_find (key);
  g_autofree char *why = NULL;

  if (!option)
    return refuse (error, QUILT_ERROR_NOT_SUPPORTED, key, "no such option");
  if (live_only && !option->live)
    return refuse (error, QUILT_ERROR_NOT_SUPPORTED, key,
                   "fixed when the container is created; create another container");
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE (get_type (option)))) {
    why = g_strdup_printf ("must be of D-Bus type %s, not %s", get_type (option),
                           g_variant_get_type_string (value));
    return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, key, why);
  }
  return check_size (option, value, error) && read_variant (option, value, options, error) &&
         quilt_option_check (option, options, error);
}

static gboolean
apply_dict (GVariant *dict, gboolean live_only, QuiltOptions *options, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GVariantIter iter;
  const char *key;
  GVariant *item;

  g_return_val_if_fail (g_variant_is_of_type (dict, G_VARIANT_TYPE_VARDICT), FALSE);
  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_next (&iter, "{&sv}", &key, &item)) {
    g_autoptr (GVariant) value = item;

    if (!apply_key (key, value, live_only, options, error))
      return FALSE;
    if (!g_hash_table_add (seen, (gpointer)quilt_option_find (key)->key))
      return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, key, "given twice");
  }
  if (!quilt_options_check_together (options, error))
    return FALSE;
  quilt_options_normalize (options);
  return TRUE;
}

QuiltOptions *
quilt_options_from_variant (GVariant *dict, GError **error)
{
  g_autoptr (QuiltOptions) options = quilt_options_new ();

  return apply_dict (dict, FALSE, options, error) ? g_steal_pointer (&options) : NULL;
}

gboolean
quilt_options_update (QuiltOptions *options, GVariant *dict, GError **error)
{
  g_autoptr (QuiltOptions) changed = quilt_options_copy (options);
  QuiltOptions old = *options;

  if (!apply_dict (dict, TRUE, changed, error))
    return FALSE;
  *options = *changed;
  *changed = old;
  return TRUE;
}
