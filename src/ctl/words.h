/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of a command line as GOption reads them. */
#pragma once

#include <glib.h>

/* Divides "-n5" and "-fn5" into "-n" "5", which is all that GOption knows, and refuses a value for
 * an option that takes none: GOption would read "--rm=false" as "--rm". UNKNOWN_OPTION saying what
 * to use instead, which is near, or where to look. verb: its name; NULL: before a verb. strict:
 * words after the first argument are left alone. The strings are argv's own, or live for ever. */
GPtrArray *quilt_words_new (
    char **argv, const char *verb, const GOptionEntry *entries, gboolean strict, GError **error);
