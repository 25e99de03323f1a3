/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints rows in columns. */
#include "ctl/table.h"

#include "ctl/text.h"

#include <string.h>

#define GAP 2
#define COLUMN_MIN 8 /* a narrower column would be of no use */

struct QuiltTable {
  const char *const *columns;
  guint n_columns;
  GPtrArray *cells; /* printable UTF-8, row by row */
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
append_spaces (GString *text, gsize n)
{
  gsize at = text->len;

  g_string_set_size (text, at + n);
  memset (text->str + at, ' ', n);
}

static void
append_row (const QuiltTable *table, const guint *widths, char *const *cells, GString *text)
{
  for (guint i = 0; i < table->n_columns; i++) {
    g_autofree char *cut = quilt_text_ellipsize (cells[i], widths[i]);

    g_string_append (text, cut);
    if (i + 1 < table->n_columns)
      append_spaces (text, widths[i] - quilt_text_width (cut) + GAP);
  }
  g_string_append_c (text, '\n');
}

/* Computes the width that each column needs. */
static void
measure (const QuiltTable *table, gboolean legend, guint *widths)
{
  for (guint i = 0; i < table->n_columns; i++) {
    widths[i] = legend ? quilt_text_width (table->columns[i]) : 0;
    for (guint j = i; j < table->cells->len; j += table->n_columns)
      widths[i] = MAX (widths[i], quilt_text_width (table->cells->pdata[j]));
  }
}

/* Reduces the widths to fit: first the widest column, then also the others once they are as
 * wide. */
static void
fit (guint *widths, guint n_columns, guint width)
{
  guint sum = (n_columns - 1) * GAP;

  for (guint i = 0; i < n_columns; i++)
    sum += widths[i];
  for (; sum > width; sum--) {
    guint widest = n_columns - 1;

    for (guint i = 0; i < n_columns; i++)
      if (widths[i] > widths[widest])
        widest = i;
    if (widths[widest] <= COLUMN_MIN)
      return;
    widths[widest]--;
  }
}

char *
quilt_table_render (QuiltTable *table, gboolean legend, guint width)
{
  g_autofree guint *widths = g_new0 (guint, table->n_columns);
  GString *text = g_string_new (NULL);

  measure (table, legend, widths);
  if (width > 0)
    fit (widths, table->n_columns, width);
  if (legend)
    append_row (table, widths, (char *const *)table->columns, text);
  for (guint j = 0; j + table->n_columns <= table->cells->len; j += table->n_columns)
    append_row (table, widths, (char *const *)table->cells->pdata + j, text);
  return g_string_free (text, FALSE);
}
