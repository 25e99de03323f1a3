/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of a command line as GOption reads them. */
#include "ctl/words.h"

#include "ctl/suggest.h"

#include <string.h>

typedef struct {
  const GOptionEntry *entries;
  GPtrArray *words;
  gboolean wants_value; /* the next word belongs to the last one */
} Reader;

static gboolean
has_value (const GOptionEntry *entry)
{
  return entry->arg != G_OPTION_ARG_NONE && !(entry->flags & G_OPTION_FLAG_OPTIONAL_ARG);
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
    if (letter != '\0' && entry->short_name == letter)
      return entry;
  return NULL;
}

/* What is near to no option is left to GOption, which refuses it too. */
static gboolean
refuse_unknown (const Reader *reader, const char *name, gsize length, GError **error)
{
  g_autofree char *typed = g_strndup (name, length);
  const char *near = quilt_suggest_option (reader->entries, typed);

  if (!near)
    return FALSE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
               "unknown option --%s; did you mean --%s?", typed, near);
  return TRUE;
}

/* "--name" or "--name=value". */
static gboolean
add_long (Reader *reader, char *word, GError **error)
{
  gsize length = strcspn (word + 2, "=");
  gboolean has_equals = word[2 + length] == '=';
  const GOptionEntry *entry = find_long (reader, word + 2, length);

  if (!entry && refuse_unknown (reader, word + 2, length, error))
    return FALSE;
  if (entry && has_equals && entry->arg == G_OPTION_ARG_NONE) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "option --%s takes no value: give it, or leave it out", entry->long_name);
    return FALSE;
  }
  reader->wants_value = entry && has_value (entry) && !has_equals;
  g_ptr_array_add (reader->words, word);
  return TRUE;
}

/* "-f", "-fn", "-n5" or "-fn5". */
static void
add_short (Reader *reader, char *word)
{
  const char *last = word + 1;
  const GOptionEntry *entry;

  while ((entry = find_short (reader, *last)) && entry->arg == G_OPTION_ARG_NONE)
    last++;
  if (!entry || !has_value (entry) || last[1] == '\0') {
    reader->wants_value = entry && has_value (entry);
    g_ptr_array_add (reader->words, word);
    return;
  }
  for (const char *letter = word + 1; letter <= last; letter++) {
    const char option[] = {'-', *letter, '\0'};

    g_ptr_array_add (reader->words, (char *)g_intern_string (option));
  }
  g_ptr_array_add (reader->words, (char *)last + 1);
}

GPtrArray *
quilt_words_new (char **argv, const GOptionEntry *entries, gboolean strict, GError **error)
{
  Reader reader = {.entries = entries, .words = g_ptr_array_new ()};
  gboolean done = FALSE; /* what follows is no option */

  for (guint i = 0; argv[i]; i++) {
    char *word = argv[i];

    if (i == 0 || done || reader.wants_value || word[0] != '-' || word[1] == '\0') {
      done |= strict && i > 0 && !reader.wants_value;
      reader.wants_value = FALSE;
      g_ptr_array_add (reader.words, word);
    } else if (word[1] != '-') {
      add_short (&reader, word);
    } else if (!add_long (&reader, word, error)) {
      g_ptr_array_unref (reader.words);
      return NULL;
    } else if (word[2] == '\0') {
      done = TRUE;
    }
  }
  g_ptr_array_add (reader.words, NULL);
  return reader.words;
}
