/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints rows in columns. */
#pragma once

#include <glib.h>

typedef struct QuiltTable QuiltTable;

/* columns has the headers, NULL-terminated, static. */
QuiltTable *quilt_table_new (const char *const *columns);
void quilt_table_free (QuiltTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltTable, quilt_table_free)

/* Adds one cell to the table, row by row. text may be untrusted, and is made printable. An empty
 * cell is printed as "-", so that every row has the same number of words for scripts. */
void quilt_table_add (QuiltTable *table, const char *text);
/* As quilt_table_add(), and frees text. */
void quilt_table_take (QuiltTable *table, char *text);

/* The table as text. If width, in columns of the terminal, is not 0, the widest columns are cut to
 * fit. Owned by the caller. */
char *quilt_table_render (QuiltTable *table, gboolean legend, guint width);
