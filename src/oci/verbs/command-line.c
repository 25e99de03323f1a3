/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of a command line, as runc's and crun's callers spell them. */
#include "oci/verbs/command-line.h"

#include "base/error.h"
#include "base/text.h"
#include "oci/state/root.h"
#include "oci/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const GOptionEntry *entries;
  GPtrArray *words;
  gboolean wants_value; /* the next word belongs to the last one */
} Reader;

static gboolean
takes_value (const GOptionEntry *entry)
{
  return entry->arg != G_OPTION_ARG_NONE &&
         !(entry->flags & (G_OPTION_FLAG_OPTIONAL_ARG | G_OPTION_FLAG_NO_ARG));
}

static const GOptionEntry *
find_long (const Reader *reader, const char *name, gsize length)
{
  for (const GOptionEntry *entry = reader->entries; entry->long_name; entry++)
    if (strlen (entry->long_name) == length && memcmp (entry->long_name, name, length) == 0)
      return entry;
  return NULL;
}

static const GOptionEntry *
find_short (const Reader *reader, char letter)
{
  for (const GOptionEntry *entry = reader->entries; entry->long_name; entry++)
    if (entry->short_name == letter)
      return entry;
  return NULL;
}

/* "--all=true" and "--all=false" are what runc's callers may say. GOption would take both for
 * "--all". */
static gboolean
add_long (Reader *reader, char *word, GError **error)
{
  gsize length = strcspn (word + 2, "=");
  const char *value = word[2 + length] ? word + 2 + length + 1 : NULL;
  const GOptionEntry *entry = find_long (reader, word + 2, length);

  reader->wants_value = entry && takes_value (entry) && !value;
  if (!entry || takes_value (entry) || !value) {
    g_ptr_array_add (reader->words, word);
    return TRUE;
  }
  if (strcmp (value, "true") == 0) {
    g_autofree char *bare = g_strconcat ("--", entry->long_name, NULL);

    g_ptr_array_add (reader->words, (char *)g_intern_string (bare));
    return TRUE;
  }
  if (strcmp (value, "false") == 0)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "--%s takes true, false or no value", entry->long_name);
  return FALSE;
}

/* "-f", or several: the last may want the next word. */
static void
add_short (Reader *reader, char *word)
{
  const GOptionEntry *entry = find_short (reader, word[strlen (word) - 1]);

  reader->wants_value = entry && takes_value (entry);
  g_ptr_array_add (reader->words, word);
}

/* The words as GOption is to read them, NULL-terminated; the strings are argv's own, or live for
 * ever. */
static GPtrArray *
read_words (char **argv, const GOptionEntry *entries, gboolean in_order, GError **error)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  Reader reader = {.entries = entries, .words = words};
  gboolean done = FALSE; /* what follows is no option */

  for (guint i = 0; argv[i]; i++) {
    char *word = argv[i];

    if (i == 0 || done || reader.wants_value || word[0] != '-' || word[1] == '\0') {
      done |= in_order && i > 0 && !reader.wants_value;
      reader.wants_value = FALSE;
      g_ptr_array_add (words, word);
    } else if (word[1] != '-') {
      add_short (&reader, word);
    } else {
      done = word[2] == '\0';
      if (!add_long (&reader, word, error))
        return NULL;
    }
  }
  g_ptr_array_add (words, NULL);
  return g_steal_pointer (&words);
}

/* GOption's codes are of no use to a caller. */
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
  char **at;
  int argc;

  g_option_group_add_entries (group, entries);
  g_option_context_set_main_group (context, group);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_strict_posix (context, in_order);
  words = read_words (argv, entries, in_order, &local);
  if (!words)
    return refuse (error, g_steal_pointer (&local)), NULL;
  at = (char **)words->pdata;
  argc = (int)words->len - 1;
  if (!g_option_context_parse (context, &argc, &at, &local))
    return refuse (error, g_steal_pointer (&local)), NULL;
  /* GOption takes out a "--" only where nothing unknown could precede it. */
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
