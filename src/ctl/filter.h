/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filters of lists: --filter "KEY=VALUE" selects rows. */
#pragma once

#include "base/json.h"

#include <glib.h>

typedef struct {
  const char *key;
  gboolean all; /* if several values are given, all must match instead of any */
  /* Sets INVALID_ARGUMENT for an invalid value. NULL: all values are valid. */
  gboolean (*check) (const char *value, GError **error);
  /* rows has all rows of the list. */
  gboolean (*match) (json_object *row, const char *value, json_object *rows);
} QuiltFilter;

/* Returns a new array with those rows, of a JSON array, that pass filters ("KEY=VALUE",
 * NULL-terminated, or NULL). table ends with a NULL key. Sets INVALID_ARGUMENT for unknown keys and
 * invalid values. */
json_object *quilt_filter_rows (json_object *rows,
                                char *const *filters,
                                const QuiltFilter *table,
                                GError **error);

/* Members of a row; "" or 0 if the row lacks the member. */
const char *quilt_row_string (json_object *row, const char *key);
guint64 quilt_row_uint64 (json_object *row, const char *key);
