/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects by ID, by name and by a unique prefix of the ID: containers, images. */
#pragma once

#include <glib.h>

typedef struct QuiltIndex QuiltIndex;

/* `what` is the word for the objects in errors ("container"), advice says what to do about a
 * missing one; both are static strings. free_value releases values. */
QuiltIndex *quilt_index_new (const char *what, const char *advice, GDestroyNotify free_value);
void quilt_index_free (QuiltIndex *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltIndex, quilt_index_free)

/* Adds value, and takes ownership of it. id is hexadecimal and not in the index yet. */
void quilt_index_add (QuiltIndex *self, const char *id, gpointer value);
/* Removes and releases the value. Its names must be removed before. */
void quilt_index_remove (QuiltIndex *self, const char *id);

/* Reserves name for an object that is being made: look-ups do not find it, and no other object can
 * take it. EXISTS if it is taken. */
gboolean quilt_index_reserve (QuiltIndex *self, const char *name, GError **error);
/* Maps name, reserved or not, to value, which is in the index. */
void quilt_index_name (QuiltIndex *self, const char *name, gpointer value);
/* Removes name, reserved or not. */
void quilt_index_unname (QuiltIndex *self, const char *name);

/* Borrowed; NULL if there is none. */
gpointer quilt_index_get (const QuiltIndex *self, const char *id);
gpointer quilt_index_get_named (const QuiltIndex *self, const char *name);
/* Finds a value by name, then by ID (with or without "sha256:"), then by a unique prefix. Borrowed;
 * NULL with NOT_FOUND or AMBIGUOUS. */
gpointer quilt_index_find (const QuiltIndex *self, const char *text, GError **error);

guint quilt_index_size (const QuiltIndex *self);
/* All values, ordered by ID. Free the array with g_ptr_array_unref(); the values are borrowed. */
GPtrArray *quilt_index_list (const QuiltIndex *self);
