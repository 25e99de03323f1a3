/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the options of a method, an a{sv}, by a table of keys. */
#include "daemon/bus/dict.h"

#include "base/error.h"
#include "base/text.h"
#include "spec/options/options.h"

static const QuiltDictKey *
find_key (const QuiltDictKey *keys, guint n_keys, const char *name)
{
  for (guint i = 0; i < n_keys; i++)
    if (g_str_equal (keys[i].key, name))
      return &keys[i];
  return NULL;
}

static gboolean
check_bytes (const QuiltDictKey *key, GVariant *value, GError **error)
{
  g_auto (GStrv) strings = quilt_variant_dup_bytestrings (value);

  if (!strings)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "The option '%s' must not contain NUL bytes", key->key);
  return strings != NULL;
}

static gboolean
check_type (const QuiltDictKey *key, GVariant *value, GError **error)
{
  const char single[] = {key->type, '\0'};
  const char *type = key->type == 'a' ? "aay" : single;

  if (g_str_equal (g_variant_get_type_string (value), type))
    return key->type != 'a' || check_bytes (key, value, error);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "The option '%s' must be of type '%s', not '%s'", key->key, type,
               g_variant_get_type_string (value));
  return FALSE;
}

static void
apply (const QuiltDictKey *key, GVariant *value)
{
  if (key->type == 'b')
    *(gboolean *)key->value = g_variant_get_boolean (value);
  else if (key->type == 't')
    *(guint64 *)key->value = g_variant_get_uint64 (value);
  else if (key->type == 's')
    *(const char **)key->value = g_variant_get_string (value, NULL);
  else if (key->type == 'a') {
    g_strfreev (*(char ***)key->value); /* of an earlier entry with the same key */
    *(char ***)key->value = quilt_variant_dup_bytestrings (value);
  } else
    *(gint32 *)key->value = g_variant_get_handle (value);
  if (key->ret_seen)
    *key->ret_seen = TRUE;
}

/* The key in the table that an entry of a dictionary has; NULL: it is not there. ret_value: what
 * the entry holds. Formats with '&' and new entries would make GVariant serialize the value. To
 * read a large list in that form costs the square of its length. */
static const QuiltDictKey *
read_entry (GVariant *entry, const QuiltDictKey *keys, guint n_keys, GVariant **ret_value)
{
  g_autoptr (GVariant) name = g_variant_get_child_value (entry, 0);
  const QuiltDictKey *key = find_key (keys, n_keys, g_variant_get_string (name, NULL));

  if (key)
    g_variant_get_child (entry, 1, "v", ret_value);
  return key;
}

GVariant *
quilt_dict_take (GVariant *dict, const QuiltDictKey *keys, guint n_keys, GError **error)
{
  g_auto (GVariantBuilder) rest = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  for (gsize i = 0; i < g_variant_n_children (dict); i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (dict, i);
    g_autoptr (GVariant) value = NULL;
    const QuiltDictKey *key = read_entry (entry, keys, n_keys, &value);

    if (!key)
      g_variant_builder_add_value (&rest, entry);
    else if (!check_type (key, value, error))
      return NULL;
  }
  for (gsize i = 0; i < g_variant_n_children (dict); i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (dict, i);
    g_autoptr (GVariant) value = NULL;
    const QuiltDictKey *key = read_entry (entry, keys, n_keys, &value);

    if (key)
      apply (key, value);
  }
  return g_variant_builder_end (&rest);
}

gboolean
quilt_dict_read (GVariant *dict, const QuiltDictKey *keys, guint n_keys, GError **error)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;
  g_autoptr (GVariant) rest = NULL;

  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value)) {
    g_autofree char *quoted = NULL;

    if (find_key (keys, n_keys, name))
      continue;
    quoted = quilt_text_quote (name);
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED, "There is no option '%s'", quoted);
    g_variant_unref (value);
    return FALSE;
  }
  rest = quilt_dict_take (dict, keys, n_keys, error);
  return rest != NULL;
}
