/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of a command line as GOption reads them. */
#pragma once

#include <glib.h>

typedef struct {
  const GOptionEntry *entries; /* the last one is empty */
  gboolean in_order;           /* words after the first argument are left alone */
  /* An option that is not among entries, as "--name" or "-n": sets the error and returns FALSE.
   * NULL: GOption refuses it. */
  gboolean (*refuse) (const char *typed, gpointer data, GError **error);
  /* Looks at an option before it is read, and at the words after it. NULL: at none. */
  gboolean (*check) (char *const *word, gpointer data, GError **error);
  gpointer data;
} QuiltOptionSyntax;

/* Divides "-n5" and "-fn5" into "-n" "5", which is all that GOption knows; "--flag=true" becomes
 * "--flag", and "--flag=false" nothing: GOption would read both as "--flag". Errors of
 * G_OPTION_ERROR. argv[0] is left alone. NULL-terminated; the strings are argv's own, or live for
 * ever. */
GPtrArray *quilt_option_words_new (char **argv, const QuiltOptionSyntax *syntax, GError **error);
