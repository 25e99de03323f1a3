/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects by ID, by name and by a unique prefix of the ID: containers, images. */
#pragma once

#include <glib.h>

typedef struct QuiltIndex QuiltIndex;

/* what is the word in errors ("container"), advice what to do about one that is not there; both are
 * static strings. free_value releases what add took. */
QuiltIndex *quilt_index_new (const char *what, const char *advice, GDestroyNotify free_value);
void quilt_index_free (QuiltIndex *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltIndex, quilt_index_free)

/* Takes value over. id is hexadecimal and not in the index. */
void quilt_index_add (QuiltIndex *self, const char *id, gpointer value);
/* Releases the value; its names have to be dropped before. */
void quilt_index_remove (QuiltIndex *self, const char *id);

/* Reserves name for an object that is being made: look-ups do not find it, and no other object can
 * take it. EXISTS. */
gboolean quilt_index_reserve (QuiltIndex *self, const char *name, GError **error);
/* Lets name, reserved or not, mean value, which is in the index. */
void quilt_index_name (QuiltIndex *self, const char *name, gpointer value);
/* Takes name, reserved or not, out. */
void quilt_index_unname (QuiltIndex *self, const char *name);

/* Borrowed; NULL if there is none. */
gpointer quilt_index_get (const QuiltIndex *self, const char *id);
gpointer quilt_index_get_named (const QuiltIndex *self, const char *name);
/* By name, else by ID (with or without "sha256:" before it), else by a unique prefix. Borrowed;
 * NULL with NOT_FOUND or AMBIGUOUS. */
gpointer quilt_index_find (const QuiltIndex *self, const char *text, GError **error);

guint quilt_index_size (const QuiltIndex *self);
/* All values, in the order of their IDs; free with g_ptr_array_unref(), the values are borrowed. */
GPtrArray *quilt_index_list (const QuiltIndex *self);
