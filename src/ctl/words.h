/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rewrites the words of a command line for GOption. */
#pragma once

#include <glib.h>

/* Rewrites argv as quilt_option_words_new() does, with advice about wrong options. UNKNOWN_OPTION:
 * the message says what to use instead, which option is similar, or where to look. verb: its name;
 * NULL: before a verb. strict: words after the first argument are left unchanged. The strings
 * belong to argv, or live for ever. */
GPtrArray *quilt_words_new (
    char **argv, const char *verb, const GOptionEntry *entries, gboolean strict, GError **error);
