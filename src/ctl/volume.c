/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What --volume and --mount are on the bus. */
#include "ctl/volume.h"

#include "base/error.h"
#include "base/selinux.h"
#include "base/text.h"
#include "ctl/ctl.h"

#include <string.h>

/* What the shell leaves to us: "." and "..", at the beginning. */
static char *
complete_path (const char *source)
{
  gsize dots = strspn (source, ".");
  gboolean relative = (dots == 1 || dots == 2) && (source[dots] == '/' || !source[dots]);

  return relative ? g_canonicalize_filename (source, NULL) : g_strdup (source);
}

/* podman and docker label the files anew for z and Z, if SELinux is on. Otherwise the words have no
 * effect there either, so scripts give them on every host. quiltd refuses them. */
static void
drop_labelling (const char *text, char **options)
{
  g_auto (GStrv) words = g_strsplit (*options, ",", -1);
  g_autoptr (GString) rest = g_string_new (NULL);

  for (char **word = words; *word; word++) {
    if (strcmp (*word, "z") == 0 || strcmp (*word, "Z") == 0) {
      g_autofree char *quoted = quilt_text_quote (text);

      quilt_ctl_warn ("Option '%s' of volume '%s' has no effect: SELinux is not on", *word, quoted);
      continue;
    }
    g_string_append_printf (rest, "%s%s", rest->len > 0 ? "," : "", *word);
  }
  g_free (*options);
  *options = rest->len > 0 ? g_string_free (g_steal_pointer (&rest), FALSE) : NULL;
}

static char *
complete (const char *text)
{
  g_auto (GStrv) parts = quilt_text_divide (text);

  if (g_strv_length (parts) == 3 && !quilt_selinux_is_on ())
    drop_labelling (text, &parts[2]);
  for (char **part = parts; *part; part++) {
    g_autofree char *plain = g_steal_pointer (part);
    g_autofree char *path = part == parts ? complete_path (plain) : g_strdup (plain);

    *part = quilt_text_escape (path);
  }
  return g_strjoinv (":", parts);
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

/* A field in quotes, from the first one on: "" in it is one. Returns what follows it, NULL if it
 * has no end or no comma after it. */
static const char *
read_quoted (const char *at, GString *field)
{
  for (at++; *at; at++) {
    if (*at == '"' && at[1] != '"')
      return at[1] == ',' || !at[1] ? at + 1 : NULL;
    at += *at == '"' ? 1 : 0;
    g_string_append_c (field, *at);
  }
  return NULL;
}

/* The fields of a line of comma-separated values (RFC 4180), as podman and docker read it: one with
 * a comma or a quote in it stands in quotes. */
static char **
read_fields (const char *text, GError **error)
{
  g_autoptr (GStrvBuilder) fields = g_strv_builder_new ();

  for (const char *at = text;; at++) {
    g_autoptr (GString) field = g_string_new (NULL);

    if (*at == '"') {
      at = read_quoted (at, field);
    } else {
      gsize length = strcspn (at, ",\"");

      g_string_append_len (field, at, (gssize)length);
      at = at[length] == '"' ? NULL : at + length;
    }
    if (!at) {
      refuse (
          error, QUILT_ERROR_INVALID_ARGUMENT, text,
          "a quote must be around a whole field, as in 'type=bind,\"source=/a,b\"', and \"\" in "
          "it is a quote");
      return NULL;
    }
    g_strv_builder_add (fields, field->str);
    if (!*at)
      return g_strv_builder_end (fields);
  }
}

static char *
read_mount (const char *text, GError **error)
{
  g_auto (GStrv) words = read_fields (text, error);
  g_autoptr (GString) options = g_string_new (NULL);
  g_autofree char *path = NULL;
  g_autofree char *source = NULL;
  g_autofree char *destination = NULL;
  Mount mount = {NULL};

  if (!words)
    return NULL;
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
  path = complete_path (mount.source);
  source = quilt_text_escape (path);
  destination = quilt_text_escape (mount.destination);
  return g_strconcat (source, ":", destination, options->len > 0 ? ":" : "",
                      options->len > 0 ? options->str + 1 : "", NULL);
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
