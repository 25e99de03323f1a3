/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses --volume and --mount. */
#include "ctl/options/volume.h"

#include "base/error.h"
#include "base/selinux.h"
#include "base/text.h"
#include "ctl/bus.h"
#include "ctl/ctl.h"
#include "spec/options/texts.h"
#include "spec/options/volume.h"

#include <string.h>

/* Completes a path that begins with "." or "..", which the shell does not do. */
static char *
complete_path (const char *source)
{
  gsize dots = strspn (source, ".");
  gboolean relative = (dots == 1 || dots == 2) && (source[dots] == '/' || !source[dots]);

  return relative ? g_canonicalize_filename (source, NULL) : g_strdup (source);
}

/* With SELinux, podman and docker relabel the files for z and Z. Without SELinux the words have no
 * effect, so scripts use them on every host. quiltd refuses them. */
static gboolean
is_without_effect (const char *word, const char *text)
{
  g_autofree char *quoted = NULL;

  if ((strcmp (word, "z") != 0 && strcmp (word, "Z") != 0) || quilt_selinux_is_on ())
    return FALSE;
  quoted = quilt_text_quote (text);
  quilt_ctl_warn ("Option '%s' of volume '%s' has no effect: SELinux is not on", word, quoted);
  return TRUE;
}

/* Makes the structure for the bus, floating. options is NULL-terminated. */
static GVariant *
new_volume (const char *source, const char *destination, const char **options, GError **error)
{
  g_autofree char *path = complete_path (source);

  /* The current directory's name may contain any bytes. */
  return quilt_bus_check_text ("path of a volume", path, error)
             ? g_variant_new ("(ss^as)", path, destination, options)
             : NULL;
}

static GVariant *
read_volume (const char *text, GError **error)
{
  g_autoptr (GVariant) entry = NULL;
  g_autofree const char **options = NULL;
  const char *source, *destination;
  gsize n = 0;

  if (!quilt_bus_check_text ("volume", text, error))
    return NULL;
  entry = quilt_volume_from_text ("--volume", text, error);
  if (!entry)
    return NULL;
  g_variant_ref_sink (entry);
  g_variant_get (entry, "(&s&s^a&s)", &source, &destination, &options);
  for (const char **option = options; *option; option++)
    if (!is_without_effect (*option, text))
      options[n++] = *option;
  options[n] = NULL;
  return new_volume (source, destination, options, error);
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

/* Aliases set the same value. A flag given without a value has the value "true". */
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

/* A word that is not a key here must be an option that --volume has too. */
static gboolean
read_word (char *word, Mount *mount, GPtrArray *options, GError **error)
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
  if (value)
    return refuse (error, QUILT_ERROR_NOT_SUPPORTED, word, "there is no such option");
  g_ptr_array_add (options, word);
  return TRUE;
}

/* Reads a quoted field that begins at `at`; "" in it stands for a quote. Returns the text after it,
 * or NULL if the closing quote or the comma after it is missing. */
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

/* Splits a line of comma-separated values (RFC 4180), as podman and docker read it: a field with a
 * comma or a quote must be quoted. */
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

static GVariant *
read_mount (const char *text, GError **error)
{
  g_auto (GStrv) words = NULL;
  g_autoptr (GPtrArray) options = g_ptr_array_new ();
  Mount mount = {NULL};

  if (!quilt_bus_check_text ("mount", text, error))
    return NULL;
  words = read_fields (text, error);
  for (char **word = words; word && *word; word++)
    if (!read_word (*word, &mount, options, error))
      return NULL;
  if (!words)
    return NULL;
  if (!mount.type || strcmp (mount.type, "bind") != 0) {
    refuse (error, QUILT_ERROR_NOT_SUPPORTED, text,
            "Quilt supports only type=bind; for files in memory see --tmpfs");
    return NULL;
  }
  if (!mount.source || !mount.destination) {
    refuse (error, QUILT_ERROR_INVALID_ARGUMENT, text, "needs source=PATH and destination=PATH");
    return NULL;
  }
  if (mount.propagation)
    g_ptr_array_add (options, (gpointer)mount.propagation);
  if (mount.access)
    g_ptr_array_add (options, (gpointer)(strcmp (mount.access, "true") == 0 ? "ro" : "rw"));
  g_ptr_array_add (options, NULL);
  return new_volume (mount.source, mount.destination, (const char **)options->pdata, error);
}

static gboolean
add_all (GVariantBuilder *builder,
         char *const *texts,
         GVariant *(*read) (const char *text, GError **error),
         GError **error)
{
  for (; texts && *texts; texts++) {
    GVariant *entry = read (*texts, error);

    if (!entry)
      return FALSE;
    g_variant_builder_add_value (builder, entry);
  }
  return TRUE;
}

GVariant *
quilt_volumes_new (char *const *volumes, char *const *mounts, GError **error)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE (quilt_volume_shape.type));
  if (add_all (&builder, volumes, read_volume, error) &&
      add_all (&builder, mounts, read_mount, error))
    return g_variant_builder_end (&builder);
  g_variant_builder_clear (&builder);
  return NULL;
}
