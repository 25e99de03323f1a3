/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the arguments of a received call. g_variant_get() with "&" makes GVariant serialize all
 * arguments. To read a large list in that form costs the square of its length. */
#pragma once

#include <glib.h>

/* A string argument, owned by args. */
const char *quilt_args_get_text (GVariant *args, gsize i);

/* A list of strings, NULL-terminated. The caller frees the array; the strings belong to args. */
const char **quilt_args_get_texts (GVariant *args, gsize i);
