/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rewrites the words of a command line for GOption. */
#pragma once

#include <glib.h>

typedef struct {
  const GOptionEntry *entries; /* ends with an empty entry */
  gboolean in_order;           /* words after the first argument are left unchanged */
  /* Called for an option that entries lacks, as "--name" or "-n". Sets the error and returns FALSE.
   * NULL: GOption refuses the option. */
  gboolean (*refuse) (const char *typed, gpointer data, GError **error);
  /* Called for an option, and the words after it, before the option is read. NULL: no check. */
  gboolean (*check) (char *const *word, gpointer data, GError **error);
  gpointer data;
} QuiltOptionSyntax;

/* Splits "-n5" and "-fn5" into words that GOption knows. "--flag=true" becomes "--flag", and
 * "--flag=false" is removed: GOption would read both as "--flag". Errors: those of G_OPTION_ERROR.
 * argv[0] stays unchanged. The result is NULL-terminated; its strings belong to argv or live for
 * ever. */
GPtrArray *quilt_option_words_new (char **argv, const QuiltOptionSyntax *syntax, GError **error);
