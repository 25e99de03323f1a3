/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of a method: a{sv}, key by key by a table, the leftovers refused. */
#pragma once

#include <glib.h>

typedef struct {
  const char *key;
  char type; /* 'b': gboolean *, 't': guint64 *, 'h': gint32 *, 's': const char **, of the dict's */
  gpointer value;     /* untouched if the key is absent */
  gboolean *ret_seen; /* may be NULL */
} QuiltDictKey;

/* keys may be NULL. NOT_SUPPORTED for a key that is not among them, INVALID_ARGUMENT for one of
 * another type; then nothing was read. */
gboolean quilt_dict_read (GVariant *dict, const QuiltDictKey *keys, guint n_keys, GError **error);

/* Takes the keys out: what is left, floating. NULL on error. */
GVariant *quilt_dict_take (GVariant *dict, const QuiltDictKey *keys, guint n_keys, GError **error);
