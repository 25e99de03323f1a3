/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects by ID, by name and by a unique prefix of the ID. */
#include "daemon/index.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

struct QuiltIndex {
  const char *what;
  const char *advice;
  GHashTable *by_id;   /* owned id → owned value */
  GHashTable *by_name; /* owned name → value; NULL: reserved */
};

QuiltIndex *
quilt_index_new (const char *what, const char *advice, GDestroyNotify free_value)
{
  QuiltIndex *self = g_new0 (QuiltIndex, 1);

  self->what = what;
  self->advice = advice;
  self->by_id = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_value);
  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
quilt_index_free (QuiltIndex *self)
{
  if (!self)
    return;
  g_hash_table_unref (self->by_name);
  g_hash_table_unref (self->by_id);
  g_free (self);
}

void
quilt_index_add (QuiltIndex *self, const char *id, gpointer value)
{
  g_hash_table_insert (self->by_id, g_strdup (id), value);
}

void
quilt_index_remove (QuiltIndex *self, const char *id)
{
  g_hash_table_remove (self->by_id, id);
}

gboolean
quilt_index_reserve (QuiltIndex *self, const char *name, GError **error)
{
  if (!g_hash_table_contains (self->by_name, name)) {
    g_hash_table_insert (self->by_name, g_strdup (name), NULL);
    return TRUE;
  }
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_EXISTS,
               "The name '%s' is in use: choose another one, or remove that %s first", name,
               self->what);
  return FALSE;
}

void
quilt_index_name (QuiltIndex *self, const char *name, gpointer value)
{
  g_hash_table_replace (self->by_name, g_strdup (name), value);
}

void
quilt_index_unname (QuiltIndex *self, const char *name)
{
  g_hash_table_remove (self->by_name, name);
}

gpointer
quilt_index_get (const QuiltIndex *self, const char *id)
{
  return g_hash_table_lookup (self->by_id, id);
}

gpointer
quilt_index_get_named (const QuiltIndex *self, const char *name)
{
  return g_hash_table_lookup (self->by_name, name);
}

static gboolean
is_hex (const char *text)
{
  return *text && strspn (text, "0123456789abcdef") == strlen (text);
}

static gpointer
find_by_prefix (const QuiltIndex *self, const char *prefix, guint *ret_matches)
{
  GHashTableIter iter;
  gpointer key, value, found = NULL;
  guint matches = 0;

  g_hash_table_iter_init (&iter, self->by_id);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    if (!g_str_has_prefix (key, prefix))
      continue;
    found = value;
    matches++;
  }
  *ret_matches = matches;
  return matches == 1 ? found : NULL;
}

static void
set_not_found (const QuiltIndex *self, const char *text, guint matches, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (text);

  if (matches > 1)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_AMBIGUOUS,
                 "'%s' is the beginning of %u IDs: give more digits, or the %s's name", quoted,
                 matches, self->what);
  else
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND, "There is no %s '%s': %s", self->what,
                 quoted, self->advice);
}

gpointer
quilt_index_find (const QuiltIndex *self, const char *text, GError **error)
{
  const char *id = g_str_has_prefix (text, "sha256:") ? text + strlen ("sha256:") : text;
  gpointer found = g_hash_table_lookup (self->by_name, text);
  guint matches = 0;

  if (!found)
    found = g_hash_table_lookup (self->by_id, id);
  if (!found && is_hex (id))
    found = find_by_prefix (self, id, &matches);
  if (!found)
    set_not_found (self, text, matches, error);
  return found;
}

guint
quilt_index_size (const QuiltIndex *self)
{
  return g_hash_table_size (self->by_id);
}

GPtrArray *
quilt_index_list (const QuiltIndex *self)
{
  GPtrArray *list = g_ptr_array_sized_new (g_hash_table_size (self->by_id));
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->by_id);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (list, value);
  return list;
}
