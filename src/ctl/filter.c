/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filters of lists: --filter "KEY=VALUE" selects rows. */
#include "ctl/filter.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

const char *
quilt_row_string (json_object *row, const char *key)
{
  json_object *value;

  return json_object_object_get_ex (row, key, &value) ? json_object_get_string (value) : "";
}

guint64
quilt_row_uint64 (json_object *row, const char *key)
{
  json_object *value;

  return json_object_object_get_ex (row, key, &value) ? json_object_get_uint64 (value) : 0;
}

/* The value of "KEY=VALUE"; NULL if filter has another key. */
static const char *
get_value (const char *filter, const char *key)
{
  gsize length = strlen (key);

  return strncmp (filter, key, length) == 0 && filter[length] == '=' ? filter + length + 1 : NULL;
}

static gboolean
refuse (const char *filter, const QuiltFilter *table, GError **error)
{
  g_autoptr (GString) keys = g_string_new (NULL);
  g_autofree char *quoted = quilt_text_quote (filter);

  for (; table->key; table++)
    g_string_append_printf (keys, "%s%s", keys->len > 0 ? ", " : "", table->key);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read filter '%s': must be KEY=VALUE, and KEY one of: %s", quoted,
               keys->str);
  return FALSE;
}

static gboolean
check (const char *filter, const QuiltFilter *table, GError **error)
{
  for (const QuiltFilter *f = table; f->key; f++) {
    const char *value = get_value (filter, f->key);

    if (value)
      return !f->check || f->check (value, error);
  }
  return refuse (filter, table, error);
}

/* Whether a row passes all filters with this key. */
static gboolean
passes (json_object *row, json_object *rows, char *const *filters, const QuiltFilter *f)
{
  guint n = 0, good = 0;

  for (; *filters; filters++) {
    const char *value = get_value (*filters, f->key);

    if (value) {
      n++;
      good += f->match (row, value, rows);
    }
  }
  return n == 0 || (f->all ? good == n : good > 0);
}

json_object *
quilt_filter_rows (json_object *rows,
                   char *const *filters,
                   const QuiltFilter *table,
                   GError **error)
{
  json_object *chosen;

  if (!filters)
    return json_object_get (rows);
  for (char *const *filter = filters; *filter; filter++)
    if (!check (*filter, table, error))
      return NULL;
  chosen = json_object_new_array ();
  for (gsize i = 0; i < json_object_array_length (rows); i++) {
    json_object *row = json_object_array_get_idx (rows, i);
    gboolean good = TRUE;

    for (const QuiltFilter *f = table; good && f->key; f++)
      good = passes (row, rows, filters, f);
    if (good)
      json_object_array_add (chosen, json_object_get (row));
  }
  return chosen;
}
