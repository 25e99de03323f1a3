/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects by ID, by name and by a unique prefix of the ID. */
#include "daemon/bus/index.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

struct QuiltIndex {
  const char *what;
  const char *advice;
  GTree *by_id;        /* owned id → owned value */
  GHashTable *by_name; /* owned name → value; NULL: reserved */
};

static int
compare_ids (gconstpointer a, gconstpointer b, gpointer data)
{
  return strcmp (a, b);
}

QuiltIndex *
quilt_index_new (const char *what, const char *advice, GDestroyNotify free_value)
{
  QuiltIndex *self = g_new0 (QuiltIndex, 1);

  self->what = what;
  self->advice = advice;
  self->by_id = g_tree_new_full (compare_ids, NULL, g_free, free_value);
  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
quilt_index_free (QuiltIndex *self)
{
  if (!self)
    return;
  g_hash_table_unref (self->by_name);
  g_tree_unref (self->by_id);
  g_free (self);
}

void
quilt_index_add (QuiltIndex *self, const char *id, gpointer value)
{
  g_tree_insert (self->by_id, g_strdup (id), value);
}

void
quilt_index_remove (QuiltIndex *self, const char *id)
{
  g_tree_remove (self->by_id, id);
}

gboolean
quilt_index_reserve (QuiltIndex *self, const char *name, GError **error)
{
  if (!g_hash_table_contains (self->by_name, name)) {
    g_hash_table_insert (self->by_name, g_strdup (name), NULL);
    return TRUE;
  }
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_EXISTS,
               "The name '%s' is in use: choose another name, or remove that %s first", name,
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
  return g_tree_lookup (self->by_id, id);
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

/* IDs with the same prefix are adjacent in the tree. */
static gpointer
find_by_prefix (const QuiltIndex *self, const char *prefix, gboolean *ret_ambiguous)
{
  GTreeNode *first = g_tree_lower_bound (self->by_id, prefix);
  GTreeNode *second = first ? g_tree_node_next (first) : NULL;

  if (!first || !g_str_has_prefix (g_tree_node_key (first), prefix))
    return NULL;
  *ret_ambiguous = second && g_str_has_prefix (g_tree_node_key (second), prefix);
  return *ret_ambiguous ? NULL : g_tree_node_value (first);
}

static void
set_not_found (const QuiltIndex *self, const char *text, gboolean ambiguous, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (text);

  if (ambiguous)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_AMBIGUOUS,
                 "'%s' matches several IDs: give more digits, or the %s's name", quoted,
                 self->what);
  else
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND, "There is no %s '%s': %s", self->what,
                 quoted, self->advice);
}

gpointer
quilt_index_find (const QuiltIndex *self, const char *text, GError **error)
{
  const char *id = g_str_has_prefix (text, "sha256:") ? text + strlen ("sha256:") : text;
  gpointer found = g_hash_table_lookup (self->by_name, text);
  gboolean ambiguous = FALSE;

  if (!found)
    found = g_tree_lookup (self->by_id, id);
  if (!found && is_hex (id))
    found = find_by_prefix (self, id, &ambiguous);
  if (!found)
    set_not_found (self, text, ambiguous, error);
  return found;
}

guint
quilt_index_size (const QuiltIndex *self)
{
  return (guint)g_tree_nnodes (self->by_id);
}

static gboolean
append_value (gpointer id, gpointer value, gpointer list)
{
  g_ptr_array_add (list, value);
  return FALSE;
}

GPtrArray *
quilt_index_list (const QuiltIndex *self)
{
  GPtrArray *list = g_ptr_array_sized_new (quilt_index_size (self));

  g_tree_foreach (self->by_id, append_value, list);
  return list;
}
