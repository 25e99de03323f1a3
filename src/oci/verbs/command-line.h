/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading options: the global ones and a verb's. */
#pragma once

#include "oci/state/oci.h"

/* Reads argv by entries, which end with an empty one; argv[0] is left alone. Returns argv[0] and
 * the arguments, NULL-terminated. Values are bytes only for entries of G_OPTION_ARG_FILENAME and
 * G_OPTION_ARG_FILENAME_ARRAY: those of other strings would have to be ASCII. */
GPtrArray *quilt_oci_read_options (char **argv,
                                   GOptionContext *context,
                                   const GOptionEntry *entries,
                                   gboolean in_order,
                                   GError **error);

/* Makes words, which are then oci's, its argv, in place of those before; NULL: it has none. */
void quilt_oci_take_words (QuiltOci *oci, GPtrArray *words);

/* The value of --format: table, which NULL is too, or json. */
gboolean quilt_oci_read_format (const char *text, gboolean *ret_json, GError **error);
