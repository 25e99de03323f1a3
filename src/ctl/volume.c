/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What --volume and --mount are on the bus. */
#include "ctl/volume.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

static char *
complete (const char *text)
{
  gsize dots = strspn (text, "."), length = strcspn (text, ":");
  g_autofree char *source = g_strndup (text, length);
  gboolean relative = (dots == 1 || dots == 2) && strchr ("/:", text[dots]);
  g_autofree char *path = relative ? g_canonicalize_filename (source, NULL) : NULL;

  return g_strconcat (path ? path : source, text + length, NULL);
}

static gboolean
refuse (GError **error, QuiltError code, const char *word, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (word);

  g_set_error (error, QUILT_ERROR, code, "Failed to read mount '%s': %s", quoted, why);
  return FALSE;
}

typedef struct {
  const char *type, *source, *destination, *propagation, *access;
} Mount;

/* Aliases stand for the same value; a flag has the value "true" where it is given alone. */
static const struct {
  const char *name;
  gsize offset;
  gboolean is_flag;
} keys[] = {
    {"type", G_STRUCT_OFFSET (Mount, type), FALSE},
    {"source", G_STRUCT_OFFSET (Mount, source), FALSE},
    {"src", G_STRUCT_OFFSET (Mount, source), FALSE},
    {"destination", G_STRUCT_OFFSET (Mount, destination), FALSE},
    {"dst", G_STRUCT_OFFSET (Mount, destination), FALSE},
    {"target", G_STRUCT_OFFSET (Mount, destination), FALSE},
    {"bind-propagation", G_STRUCT_OFFSET (Mount, propagation), FALSE},
    {"readonly", G_STRUCT_OFFSET (Mount, access), TRUE},
    {"ro", G_STRUCT_OFFSET (Mount, access), TRUE},
};

/* What is no key is one of the options that --volume has too. */
static gboolean
read_word (const char *word, Mount *mount, GString *options, GError **error)
{
  gsize length = strcspn (word, "=");
  const char *value = word[length] ? word + length + 1 : NULL;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    const char **member = G_STRUCT_MEMBER_P (mount, keys[i].offset);

    if (strlen (keys[i].name) != length || strncmp (word, keys[i].name, length) != 0)
      continue;
    if (keys[i].is_flag && !value)
      value = "true";
    if (!value || !*value)
      return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, word, "needs a value");
    if (strchr (value, ':'))
      return refuse (error, QUILT_ERROR_NOT_SUPPORTED, word, "no ':' may be in it");
    if (keys[i].is_flag && strcmp (value, "true") != 0 && strcmp (value, "false") != 0)
      return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, word, "must be true or false");
    if (*member)
      return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, word, "it is given twice");
    *member = value;
    return TRUE;
  }
  if (strchr (word, ':') || value)
    return refuse (error, QUILT_ERROR_NOT_SUPPORTED, word, "there is no such option");
  g_string_append_printf (options, ",%s", word);
  return TRUE;
}

static char *
read_mount (const char *text, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);
  g_autoptr (GString) options = g_string_new (NULL);
  g_autofree char *entry = NULL;
  Mount mount = {NULL};

  for (char **word = words; *word; word++)
    if (!read_word (*word, &mount, options, error))
      return NULL;
  if (!mount.type || strcmp (mount.type, "bind") != 0) {
    refuse (error, QUILT_ERROR_NOT_SUPPORTED, text,
            "Quilt has type=bind alone; for files in memory see --tmpfs");
    return NULL;
  }
  if (!mount.source || !mount.destination) {
    refuse (error, QUILT_ERROR_INVALID_ARGUMENT, text, "needs source=PATH and destination=PATH");
    return NULL;
  }
  if (mount.propagation)
    g_string_append_printf (options, ",%s", mount.propagation);
  if (mount.access)
    g_string_append (options, strcmp (mount.access, "true") == 0 ? ",ro" : ",rw");
  entry = g_strconcat (mount.source, ":", mount.destination, options->len > 0 ? ":" : "",
                       options->len > 0 ? options->str + 1 : "", NULL);
  return complete (entry);
}

char **
quilt_volumes_new (char *const *volumes, char *const *mounts, GError **error)
{
  g_autoptr (GStrvBuilder) entries = g_strv_builder_new ();

  for (; volumes && *volumes; volumes++) {
    g_autofree char *entry = complete (*volumes);

    g_strv_builder_add (entries, entry);
  }
  for (; mounts && *mounts; mounts++) {
    g_autofree char *entry = read_mount (*mounts, error);

    if (!entry)
      return NULL;
    g_strv_builder_add (entries, entry);
  }
  return g_strv_builder_end (entries);
}
