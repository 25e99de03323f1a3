/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses a command line in the spelling that callers of runc and crun use. */
#include "oci/verbs/command-line.h"

#include "base/error.h"
#include "base/option-words.h"
#include "base/text.h"
#include "oci/state/root.h"
#include "oci/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Callers have no use for GOption's error codes, so make them INVALID_ARGUMENT. */
static gboolean
refuse (GError **error, GError *reason)
{
  g_autoptr (GError) owned = reason;

  if (owned->domain == QUILT_ERROR)
    g_propagate_error (error, g_steal_pointer (&owned));
  else
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, owned->message);
  return FALSE;
}

/* No locale is set, so GOption's messages are English. */
GPtrArray *
quilt_oci_read_options (char **argv,
                        GOptionContext *context,
                        const GOptionEntry *entries,
                        gboolean in_order,
                        GError **error)
{
  g_autoptr (GPtrArray) words = NULL;
  g_autoptr (GError) local = NULL;
  GOptionGroup *group = g_option_group_new ("main", "", "", NULL, NULL);
  const QuiltOptionSyntax syntax = {.entries = entries, .in_order = in_order};
  char **at;
  int argc;

  g_option_group_add_entries (group, entries);
  g_option_context_set_main_group (context, group);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_strict_posix (context, in_order);
  words = quilt_option_words_new (argv, &syntax, &local);
  if (!words)
    return refuse (error, g_steal_pointer (&local)), NULL;
  at = (char **)words->pdata;
  argc = (int)words->len - 1;
  if (!g_option_context_parse (context, &argc, &at, &local))
    return refuse (error, g_steal_pointer (&local)), NULL;
  /* GOption removes a "--" only if no unknown option could precede it. */
  if (argc > 1 && strcmp (at[1], "--") == 0) {
    memmove (at + 1, at + 2, (gsize)(argc - 1) * sizeof *at);
    argc--;
  }
  g_ptr_array_set_size (words, argc + 1);
  return g_steal_pointer (&words);
}

void
quilt_oci_take_words (QuiltOci *oci, GPtrArray *words)
{
  g_clear_pointer (&oci->words, g_ptr_array_unref);
  oci->words = words;
  oci->argv = words ? (char **)words->pdata : NULL;
}

gboolean
quilt_oci_parse (QuiltOci *oci,
                 const GOptionEntry *own,
                 const char *arguments,
                 const char *summary,
                 gboolean in_order,
                 int min,
                 int max,
                 GError **error)
{
  gboolean help = FALSE;
  const GOptionEntry last = {"help", 'h', 0, G_OPTION_ARG_NONE, &help, "Show this help", NULL};
  g_autoptr (GOptionContext) context = g_option_context_new (arguments);
  g_autoptr (GArray) entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  g_autoptr (GPtrArray) words = NULL;
  int n;

  for (; own && own->long_name; own++)
    g_array_append_vals (entries, own, 1);
  g_array_append_val (entries, last);
  words = quilt_oci_read_options (oci->argv, context, (const GOptionEntry *)(gpointer)entries->data,
                                  in_order, error);
  if (!words)
    return FALSE;
  if (help) {
    g_autofree char *name = g_strconcat ("quilt-oci ", oci->argv[0], NULL);
    g_autofree char *text = NULL;

    g_option_context_set_summary (context, summary);
    g_set_prgname (name);
    text = g_option_context_get_help (context, TRUE, NULL);
    fputs (text, stdout);
    exit (fflush (stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  n = (int)words->len - 2;
  if (n < min || (max >= 0 && n > max)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "'%s' takes %s; see quilt-oci %s --help", oci->argv[0],
                 max == 0 ? "no arguments" : arguments, oci->argv[0]);
    return FALSE;
  }
  quilt_oci_take_words (oci, g_steal_pointer (&words));
  return !oci->needs_root || quilt_oci_root_open (oci, error);
}

gboolean
quilt_oci_read_format (const char *text, gboolean *ret_json, GError **error)
{
  g_autofree char *quoted = NULL;

  if (!text || strcmp (text, "table") == 0 || strcmp (text, "json") == 0) {
    *ret_json = g_strcmp0 (text, "json") == 0;
    return TRUE;
  }
  quoted = quilt_text_quote (text);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "--format must be table or json, not '%s'", quoted);
  return FALSE;
}
