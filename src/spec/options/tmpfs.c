/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --tmpfs: a file system in memory at a path in the container. */
#include "spec/options/tmpfs.h"

#include "base/option-error.h"
#include "spec/options/texts.h"
#include "spec/place.h"
#include "spec/quantities.h"

#include <string.h>

/* Flags that exclude each other. The first one of a pair is applied unless the second one is
 * given. */
static const struct {
  const char *name, *instead;
} flags[] = {
    {"nosuid", "suid"}, {"nodev", "dev"}, {"noexec", "exec"}, {"rw", "ro"}, {"relatime", "noatime"},
};

const QuiltShape quilt_tmpfs_shape = {
    "a(sas)",
    {QUILT_SHAPE_STRING (0, "destination"), QUILT_SHAPE_STRINGS (1, "options")},
    quilt_tmpfs_from_text,
};

static gboolean
is_number (const char *text, guint base, guint64 max)
{
  guint64 value;

  return g_ascii_string_to_unsigned (text, base, 0, max, &value, NULL);
}

/* "size=64M" → "size=67108864". A percentage is of the host's memory, as in tmpfs(5). */
static char *
read_size (const char *text)
{
  gsize length = strlen (text);
  guint64 bytes;

  if (length > 1 && text[length - 1] == '%') {
    g_autofree char *number = g_strndup (text, length - 1);

    return is_number (number, 10, 100) ? g_strconcat ("size=", text, NULL) : NULL;
  }
  if (!quilt_parse_bytes (text, &bytes, NULL) || bytes > G_MAXINT64)
    return NULL;
  return g_strdup_printf ("size=%" G_GUINT64_FORMAT, bytes);
}

/* Converts a word with a value. Returns NULL if the word or its value is invalid. */
static char *
read_value (const char *word)
{
  if (g_str_has_prefix (word, "size="))
    return read_size (word + strlen ("size="));
  if ((g_str_has_prefix (word, "mode=") && is_number (word + strlen ("mode="), 8, 07777)) ||
      (g_str_has_prefix (word, "nr_inodes=") &&
       is_number (word + strlen ("nr_inodes="), 10, G_MAXINT64)) ||
      ((g_str_has_prefix (word, "uid=") || g_str_has_prefix (word, "gid=")) &&
       is_number (word + strlen ("uid="), 10, G_MAXUINT32 - 1)))
    return g_strdup (word);
  return NULL;
}

static gboolean
read_words (const char *option, const char **words, char ***ret_options, GError **error)
{
  g_autoptr (GStrvBuilder) options = g_strv_builder_new ();
  const char *chosen[G_N_ELEMENTS (flags)] = {"nosuid", "nodev", "noexec"};
  gboolean has_mode = FALSE;

  for (; *words; words++) {
    g_autofree char *value = read_value (*words);
    guint i = 0;

    while (i < G_N_ELEMENTS (flags) && strcmp (*words, flags[i].name) != 0 &&
           strcmp (*words, flags[i].instead) != 0)
      i++;
    if (i < G_N_ELEMENTS (flags))
      chosen[i] = strcmp (*words, flags[i].name) == 0 ? flags[i].name : flags[i].instead;
    else if (value)
      g_strv_builder_add (options, value);
    else if (strcmp (*words, "notmpcopyup") != 0) /* podman's word for what Quilt always does */
      return quilt_option_error_refuse (
          error, option, *words,
          "must be ro, suid, dev, exec, noatime, their opposites, size=BYTES, "
          "mode=OCTAL, nr_inodes=NUMBER, uid=ID or gid=ID");
    has_mode = has_mode || g_str_has_prefix (*words, "mode=");
  }
  for (guint i = 0; i < G_N_ELEMENTS (chosen); i++)
    if (chosen[i])
      g_strv_builder_add (options, chosen[i]);
  if (!has_mode)
    g_strv_builder_add (options, "mode=1777");
  *ret_options = g_strv_builder_end (options);
  return TRUE;
}

gboolean
quilt_tmpfs_read (
    const char *option, GVariant *entry, char **ret_path, char ***ret_options, GError **error)
{
  g_autofree const char **words = NULL;
  const char *path, *why;

  g_variant_get (entry, "(&s^a&s)", &path, &words);
  why = quilt_place_refusal (path);
  if (why)
    return quilt_option_error_refuse (error, option, path, why);
  if (!read_words (option, words, ret_options, error))
    return FALSE;
  *ret_path = g_strdup (path);
  return TRUE;
}

gboolean
quilt_tmpfs_check (const char *option, GVariant *tmpfs, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (gsize i = 0; i < quilt_entries_count (tmpfs); i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (tmpfs, i);
    g_auto (GStrv) options = NULL;
    g_autofree char *path = NULL;

    if (!quilt_tmpfs_read (option, entry, &path, &options, error))
      return FALSE;
    if (g_hash_table_contains (seen, path))
      return quilt_option_error_refuse (error, option, path, "this path is given twice");
    g_hash_table_add (seen, g_steal_pointer (&path));
  }
  return TRUE;
}
