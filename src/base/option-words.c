/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rewrites the words of a command line for GOption. */
#include "base/option-words.h"

#include <string.h>

typedef struct {
  const QuiltOptionSyntax *syntax;
  const GOptionEntry *entries;
  GPtrArray *words;
  gboolean wants_value; /* the next word is the value of the last option */
  GHashTable *flags;    /* long name → value, of the flags given so far */
} Reader;

static const char *const yes[] = {"true", "1", "t", "T", "TRUE", "True", NULL};
static const char *const no[] = {"false", "0", "f", "F", "FALSE", "False", NULL};

static gboolean
has_value (const GOptionEntry *entry)
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
    if (letter != '\0' && entry->short_name == letter)
      return entry;
  return NULL;
}

/* Handles an option that entries lacks. Without refuse(), GOption refuses it. */
static gboolean
add_unknown (
    Reader *reader, char *word, const char *dashes, const char *name, gsize length, GError **error)
{
  const QuiltOptionSyntax *syntax = reader->syntax;
  g_autofree char *bare = g_strndup (name, length);
  g_autofree char *typed = g_strconcat (dashes, bare, NULL);

  g_ptr_array_add (reader->words, word);
  return !syntax->refuse || syntax->refuse (typed, syntax->data, error);
}

/* A flag may not be given both ways, since GOption can't unset a flag. */
static gboolean
note_flag (Reader *reader, const GOptionEntry *entry, gboolean value, GError **error)
{
  gpointer before;

  if (g_hash_table_lookup_extended (reader->flags, entry->long_name, NULL, &before) &&
      GPOINTER_TO_INT (before) != value) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "option --%s is given as true and as false", entry->long_name);
    return FALSE;
  }
  g_hash_table_insert (reader->flags, (char *)entry->long_name, GINT_TO_POINTER (value));
  return TRUE;
}

/* Handles "--name=true", as podman and docker spell it. GOption only accepts "--name". */
static gboolean
add_flag (Reader *reader, const GOptionEntry *entry, const char *value, GError **error)
{
  g_autofree char *word = g_strconcat ("--", entry->long_name, NULL);
  gboolean is_yes = g_strv_contains (yes, value);

  if (!is_yes && !g_strv_contains (no, value)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "option --%s is a flag: give it true, false or no value", entry->long_name);
    return FALSE;
  }
  if (is_yes)
    g_ptr_array_add (reader->words, (char *)g_intern_string (word));
  return note_flag (reader, entry, is_yes, error);
}

/* Handles "--name" or "--name=value". */
static gboolean
add_long (Reader *reader, char *word, GError **error)
{
  gsize length = strcspn (word + 2, "=");
  gboolean has_equals = word[2 + length] == '=';
  const GOptionEntry *entry = find_long (reader, word + 2, length);

  if (!entry && length > 0)
    return add_unknown (reader, word, "--", word + 2, length, error);
  if (entry && has_equals && entry->arg == G_OPTION_ARG_NONE)
    return add_flag (reader, entry, word + 2 + length + 1, error);
  if (entry && entry->arg == G_OPTION_ARG_NONE && !note_flag (reader, entry, TRUE, error))
    return FALSE;
  if (entry && (entry->flags & G_OPTION_FLAG_OPTIONAL_ARG) && !has_equals) {
    g_autofree char *empty = g_strconcat (word, "=", NULL);

    /* Otherwise GOption would take the next word as the value, whatever it is. */
    g_ptr_array_add (reader->words, (char *)g_intern_string (empty));
    return TRUE;
  }
  reader->wants_value = entry && has_value (entry) && !has_equals;
  g_ptr_array_add (reader->words, word);
  return TRUE;
}

/* Adds the letters from first to last, each as a word. */
static void
add_letters (Reader *reader, const char *first, const char *last)
{
  for (; first <= last; first++) {
    const char option[] = {'-', *first, '\0'};

    g_ptr_array_add (reader->words, (char *)g_intern_string (option));
  }
}

/* Handles "-f", "-fn", "-n5", "-fn5", "-n=5" or "-f=true". */
static gboolean
add_short (Reader *reader, char *word, GError **error)
{
  const char *last = word + 1;
  const GOptionEntry *entry;

  while ((entry = find_short (reader, *last)) && entry->arg == G_OPTION_ARG_NONE) {
    if (last[1] == '=') {
      add_letters (reader, word + 1, last - 1);
      return add_flag (reader, entry, last + 2, error);
    }
    if (!note_flag (reader, entry, TRUE, error))
      return FALSE;
    last++;
  }
  if (!entry && *last)
    return add_unknown (reader, word, "-", last, (gsize)(g_utf8_find_next_char (last, NULL) - last),
                        error);
  if (!entry || !has_value (entry) || last[1] == '\0') {
    reader->wants_value = entry && has_value (entry);
    g_ptr_array_add (reader->words, word);
    return TRUE;
  }
  add_letters (reader, word + 1, last);
  g_ptr_array_add (reader->words, (char *)last + (last[1] == '=' ? 2 : 1));
  return TRUE;
}

/* Handles one word that is an option. */
static gboolean
add_option (Reader *reader, char **word, GError **error)
{
  const QuiltOptionSyntax *syntax = reader->syntax;

  if (syntax->check && !syntax->check (word, syntax->data, error))
    return FALSE;
  return word[0][1] == '-' ? add_long (reader, word[0], error) : add_short (reader, word[0], error);
}

GPtrArray *
quilt_option_words_new (char **argv, const QuiltOptionSyntax *syntax, GError **error)
{
  g_autoptr (GHashTable) flags = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  Reader reader = {syntax, syntax->entries, words, FALSE, flags};
  gboolean done = FALSE; /* no options follow */

  for (guint i = 0; argv[i]; i++) {
    char *word = argv[i];

    if (i == 0 || done || reader.wants_value || word[0] != '-' || word[1] == '\0') {
      done |= syntax->in_order && i > 0 && !reader.wants_value;
      reader.wants_value = FALSE;
      g_ptr_array_add (words, word);
    } else if (!add_option (&reader, argv + i, error)) {
      return NULL;
    } else {
      done = strcmp (word, "--") == 0;
    }
  }
  g_ptr_array_add (words, NULL);
  return g_steal_pointer (&words);
}
