/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grammar of --filter: "KEY=VALUE" selects rows of a list. */
#pragma once

#include "base/json.h"

#include <glib.h>

typedef struct {
  const char *key;
  gboolean all; /* of several values all have to hold, not just one */
  /* INVALID_ARGUMENT for a value that can't be; NULL: any. */
  gboolean (*check) (const char *value, GError **error);
  /* rows: all that there are. */
  gboolean (*match) (json_object *row, const char *value, json_object *rows);
} QuiltFilter;

/* Those of rows, a JSON array, that pass filters ("KEY=VALUE", NULL-terminated, or NULL), as a new
 * array. table ends with a NULL key. INVALID_ARGUMENT for a key that table does not have, and for
 * values that a key can't have. */
json_object *quilt_filter_rows (json_object *rows,
                                char *const *filters,
                                const QuiltFilter *table,
                                GError **error);

/* Members of a row: "" or 0 where there is none. */
const char *quilt_row_string (json_object *row, const char *key);
guint64 quilt_row_uint64 (json_object *row, const char *key);
