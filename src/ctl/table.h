/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows in columns. */
#pragma once

#include <glib.h>

typedef struct QuiltTable QuiltTable;

/* columns: headers, NULL-terminated, static. */
QuiltTable *quilt_table_new (const char *const *columns);
void quilt_table_free (QuiltTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltTable, quilt_table_free)

/* One cell of the next row; text may come from anybody and is made printable. An empty one is
 * printed as "-", so that a row has the same number of words in every tool. */
void quilt_table_add (QuiltTable *table, const char *text);
/* The same, and frees text. */
void quilt_table_take (QuiltTable *table, char *text);

/* The table as text. width: columns of the terminal, for which the widest columns are cut; 0: no
 * limit.
 * Owned by the caller. */
char *quilt_table_render (QuiltTable *table, gboolean legend, guint width);
