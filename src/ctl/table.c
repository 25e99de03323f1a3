/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows in columns. */
#include "ctl/table.h"

#include "ctl/text.h"

#define GAP 2
#define LAST_MIN 8 /* a last column narrower than this says nothing */

struct QuiltTable {
  const char *const *columns;
  guint n_columns;
  GPtrArray *cells; /* of printable UTF-8, row by row */
};

QuiltTable *
quilt_table_new (const char *const *columns)
{
  QuiltTable *table = g_new0 (QuiltTable, 1);

  table->columns = columns;
  table->n_columns = g_strv_length ((char **)columns);
  table->cells = g_ptr_array_new_with_free_func (g_free);
  return table;
}

void
quilt_table_free (QuiltTable *table)
{
  g_ptr_array_unref (table->cells);
  g_free (table);
}

void
quilt_table_add (QuiltTable *table, const char *text)
{
  g_ptr_array_add (table->cells, quilt_text_line (text && *text ? text : "-"));
}

void
quilt_table_take (QuiltTable *table, char *text)
{
  quilt_table_add (table, text);
  g_free (text);
}

static void
append_row (const QuiltTable *table, const guint *widths, char *const *cells, GString *text)
{
  guint last = table->n_columns - 1;

  for (guint i = 0; i < last; i++)
    g_string_append_printf (text, "%s%*s", cells[i],
                            (int)(widths[i] - quilt_text_width (cells[i]) + GAP), "");
  if (widths[last] > 0) {
    g_autofree char *cut = quilt_text_ellipsize (cells[last], widths[last]);

    g_string_append (text, cut);
  } else {
    g_string_append (text, cells[last]);
  }
  g_string_append_c (text, '\n');
}

char *
quilt_table_render (QuiltTable *table, gboolean legend, guint width)
{
  g_autofree guint *widths = g_new0 (guint, table->n_columns);
  GString *text = g_string_new (NULL);
  guint last = table->n_columns - 1, left = 0;

  for (guint i = 0; i < last; i++) {
    widths[i] = legend ? quilt_text_width (table->columns[i]) : 0;
    for (guint j = i; j < table->cells->len; j += table->n_columns)
      widths[i] = MAX (widths[i], quilt_text_width (table->cells->pdata[j]));
    left += widths[i] + GAP;
  }
  widths[last] = width == 0 ? 0 : MAX (width, left + LAST_MIN) - left;
  if (legend)
    append_row (table, widths, (char *const *)table->columns, text);
  for (guint j = 0; j + last < table->cells->len; j += table->n_columns)
    append_row (table, widths, (char *const *)table->cells->pdata + j, text);
  return g_string_free (text, FALSE);
}
