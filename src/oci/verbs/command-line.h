/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses the global options and a verb's options. */
#pragma once

#include "oci/state/oci.h"

/* Parses argv by entries, which end with an empty one; argv[0] is left unchanged. Returns argv[0]
 * and the arguments, NULL-terminated. Only values of G_OPTION_ARG_FILENAME and
 * G_OPTION_ARG_FILENAME_ARRAY may be any bytes; other strings would have to be ASCII. */
GPtrArray *quilt_oci_read_options (char **argv,
                                   GOptionContext *context,
                                   const GOptionEntry *entries,
                                   gboolean in_order,
                                   GError **error);

/* Makes words, which oci then owns, its argv, and frees the former words. NULL: none. */
void quilt_oci_take_words (QuiltOci *oci, GPtrArray *words);

/* Parses the value of --format: "table" (also NULL) or "json". */
gboolean quilt_oci_read_format (const char *text, gboolean *ret_json, GError **error);
