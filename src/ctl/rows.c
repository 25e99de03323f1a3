/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the rows of a list as --format asks. */
#include "ctl/rows.h"

#include "ctl/print.h"
#include "ctl/template.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TABLE "table "

static const char *
get_template (const char *format)
{
  return g_str_has_prefix (format, TABLE) ? format + strlen (TABLE) : format;
}

gboolean
quilt_rows_check_format (QuiltCtl *ctl, char **format, GError **error)
{
  if (!*format || strcmp (*format, "json") != 0)
    return !*format || quilt_template_check (get_template (*format), error);
  g_clear_pointer (format, g_free);
  if (ctl->json == QUILT_JSON_OFF)
    ctl->json = QUILT_JSON_PRETTY;
  return TRUE;
}

/* Adds a line to the table, split at its tabs into exactly n_columns cells. */
static void
add_line (QuiltTable *table, const char *line, guint n_columns)
{
  g_auto (GStrv) cells = g_strsplit (line, "\t", (int)n_columns);

  for (guint i = 0, n = g_strv_length (cells); i < n_columns; i++)
    quilt_table_add (table, i < n ? cells[i] : "");
}

static int
print_as_table (QuiltCtl *ctl, GPtrArray *lines, const char *template)
{
  g_autofree char *legend = quilt_template_legend (template);
  g_auto (GStrv) columns = g_strsplit (legend, "\t", -1);
  guint n_columns = g_strv_length (columns);
  g_autoptr (QuiltTable) table = NULL;

  if (n_columns == 0)
    return 0;
  table = quilt_table_new ((const char *const *)columns);
  for (guint i = 0; i < lines->len; i++)
    add_line (table, lines->pdata[i], n_columns);
  quilt_print_table (ctl, table);
  return 0;
}

int
quilt_rows_print (QuiltCtl *ctl, json_object *rows, const char *format)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  const char *template = get_template (format);

  for (gsize i = 0; i < json_object_array_length (rows); i++) {
    g_autoptr (GError) error = NULL;
    char *line = quilt_template_expand (template, json_object_array_get_idx (rows, i),
                                        isatty (STDOUT_FILENO) != 0, &error);

    if (!line)
      return quilt_ctl_fail (ctl, error);
    g_ptr_array_add (lines, line);
  }
  if (template != format)
    return print_as_table (ctl, lines, template);
  for (guint i = 0; i < lines->len; i++)
    puts (lines->pdata[i]);
  return 0;
}
