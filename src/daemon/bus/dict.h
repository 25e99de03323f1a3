/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the options of a method, an a{sv}, by a table of keys. Other keys are refused. */
#pragma once

#include <glib.h>

typedef struct {
  const char *key;
  /* 'b': gboolean *, 't': guint64 *, 'h': gint32 *, 's': const char **, owned by the dictionary;
   * 'a': an "aay" as char ***, which was NULL and is then owned by the caller */
  char type;
  gpointer value;     /* untouched if the key is absent */
  gboolean *ret_seen; /* may be NULL */
} QuiltDictKey;

/* Reads the keys, which may be NULL. NOT_SUPPORTED for an unknown key, INVALID_ARGUMENT for a wrong
 * type; on error nothing is read. */
gboolean quilt_dict_read (GVariant *dict, const QuiltDictKey *keys, guint n_keys, GError **error);

/* As quilt_dict_read(), but returns the other keys, floating, instead of refusing them. Returns
 * NULL on error. */
GVariant *quilt_dict_take (GVariant *dict, const QuiltDictKey *keys, guint n_keys, GError **error);
