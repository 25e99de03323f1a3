/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the arguments of a received call. */
#include "dbus/server/args.h"

/* A value that is not serialized keeps its children. */
const char *
quilt_args_get_text (GVariant *args, gsize i)
{
  g_autoptr (GVariant) text = g_variant_get_child_value (args, i);

  return g_variant_get_string (text, NULL);
}

const char **
quilt_args_get_texts (GVariant *args, gsize i)
{
  g_autoptr (GVariant) list = g_variant_get_child_value (args, i);
  const gsize n = g_variant_n_children (list);
  const char **texts = g_new0 (const char *, n + 1);

  for (gsize k = 0; k < n; k++)
    texts[k] = quilt_args_get_text (list, k);
  return texts;
}
