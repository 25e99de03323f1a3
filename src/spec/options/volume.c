/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --volume: a file or directory of the host, mounted at a path in the container. */
#include "spec/options/volume.h"

#include "base/error.h"
#include "base/option-error.h"
#include "base/text.h"
#include "spec/options/texts.h"
#include "spec/place.h"

#include <string.h>

/* The first word of each kind is the default. */
static const struct {
  const char *name;
  QuiltVolumeKind kind;
  gboolean is_mount_option; /* otherwise the word means that no mount option is needed */
} words[] = {
    {"rbind", QUILT_VOLUME_TREE, TRUE},
    {"bind", QUILT_VOLUME_TREE, TRUE},
    {"rw", QUILT_VOLUME_ACCESS, FALSE},
    {"ro", QUILT_VOLUME_ACCESS, TRUE},
    {"nosuid", QUILT_VOLUME_SUID, TRUE},
    {"suid", QUILT_VOLUME_SUID, FALSE},
    {"nodev", QUILT_VOLUME_DEV, TRUE},
    {"dev", QUILT_VOLUME_DEV, FALSE},
    {"exec", QUILT_VOLUME_EXEC, FALSE},
    {"noexec", QUILT_VOLUME_EXEC, TRUE},
    {"rprivate", QUILT_VOLUME_PROPAGATION, TRUE},
    {"private", QUILT_VOLUME_PROPAGATION, TRUE},
    {"rslave", QUILT_VOLUME_PROPAGATION, TRUE},
    {"slave", QUILT_VOLUME_PROPAGATION, TRUE},
    {"idmap", QUILT_VOLUME_IDS, FALSE},
    {"noidmap", QUILT_VOLUME_IDS, FALSE},
};

#define NO_RELABELLING                                                                             \
  "Quilt does not relabel files of the host; if SELinux denies the container access, use "         \
  "--security-opt label=disable"
#define NO_SHARING                                                                                 \
  "mounts made in a container never appear on the host; with rslave, later mounts of the host "    \
  "appear in the container"

/* Options of podman and docker that users may try. */
static const struct {
  const char *name, *why;
} refused[] = {
    {"z", NO_RELABELLING},
    {"Z", NO_RELABELLING},
    {"U",
     "Quilt does not change owners: a file has the same owner inside as on the host (see idmap)"},
    {"O", "Quilt has no overlay volumes yet"},
    {"copy", "only named volumes are filled, and Quilt does not have them yet"},
    {"nocopy", "only named volumes are filled, and Quilt does not have them yet"},
    {"shared", NO_SHARING},
    {"rshared", NO_SHARING},
    {"unbindable", NO_SHARING},
    {"runbindable", NO_SHARING},
};

const QuiltShape quilt_volume_shape = {
    "a(ssas)",
    {QUILT_SHAPE_STRING (0, "source"), QUILT_SHAPE_STRING (1, "destination"),
     QUILT_SHAPE_STRINGS (2, "options")},
    quilt_volume_from_text,
};

void
quilt_volume_clear (QuiltVolume *volume)
{
  g_clear_pointer (&volume->source, g_free);
  g_clear_pointer (&volume->destination, g_free);
}

static gboolean
refuse (GError **error, QuiltError code, const char *option, const char *text, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (text);

  return quilt_option_error_set (error, code, option, " to '%s': %s", quoted, why);
}

static gboolean
refuse_word (GError **error, QuiltError code, const char *option, const char *word, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (word);

  return quilt_option_error_set (error, code, option, " with '%s': %s", quoted, why);
}

static gboolean
read_word (const char *option, const char *word, QuiltVolume *volume, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    const char **chosen = &volume->words[words[i].kind];

    if (strcmp (word, words[i].name) != 0)
      continue;
    if (*chosen)
      return refuse_word (error, QUILT_ERROR_INVALID_ARGUMENT, option, word,
                          strcmp (word, *chosen) == 0 ? "this option is given twice"
                                                      : "it contradicts another option");
    *chosen = words[i].name;
    return TRUE;
  }
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    if (strcmp (word, refused[i].name) == 0)
      return refuse_word (error, QUILT_ERROR_NOT_SUPPORTED, option, word, refused[i].why);
  return refuse_word (error, QUILT_ERROR_INVALID_ARGUMENT, option, word,
                      "must be ro, suid, dev, noexec, bind, rslave, idmap, or an opposite of one: "
                      "rw, nosuid, nodev, exec, rbind, rprivate, noidmap");
}

static void
choose_defaults (QuiltVolume *volume)
{
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (!volume->words[words[i].kind] && words[i].kind != QUILT_VOLUME_IDS)
      volume->words[words[i].kind] = words[i].name;
}

/* A shell adds a slash when it completes a directory's name. */
static char *
dup_path (const char *text)
{
  gsize length = strlen (text);

  while (length > 1 && text[length - 1] == '/')
    length--;
  return g_strndup (text, length);
}

static gboolean
check_paths (const char *option, const QuiltVolume *volume, GError **error)
{
  const char *why;

  if (*volume->source && *volume->source != '/') /* a named volume of podman and docker */
    return refuse (error, QUILT_ERROR_NOT_SUPPORTED, option, volume->source,
                   "named volumes are not supported yet; a path of the host must be an absolute "
                   "path, or begin with './' or '../' in quiltctl");
  why = quilt_path_refusal (volume->source);
  if (why)
    return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, option, volume->source, why);
  why = quilt_place_refusal (volume->destination);
  return !why || refuse (error, QUILT_ERROR_INVALID_ARGUMENT, option, volume->destination, why);
}

gboolean
quilt_volume_read (const char *option, GVariant *entry, QuiltVolume *ret_volume, GError **error)
{
  g_auto (QuiltVolume) volume = {NULL};
  g_autofree const char **given = NULL;
  const char *source, *destination;

  g_variant_get (entry, "(&s&s^a&s)", &source, &destination, &given);
  volume.source = dup_path (source);
  volume.destination = dup_path (destination);
  if (!check_paths (option, &volume, error))
    return FALSE;
  for (const char **word = given; *word; word++)
    if (!read_word (option, *word, &volume, error))
      return FALSE;
  choose_defaults (&volume);
  *ret_volume = volume;
  volume = (QuiltVolume){NULL};
  return TRUE;
}

static gboolean
read_nth (GVariant *volumes, gsize i, const char *option, QuiltVolume *ret_volume, GError **error)
{
  g_autoptr (GVariant) entry = g_variant_get_child_value (volumes, i);

  return quilt_volume_read (option, entry, ret_volume, error);
}

gboolean
quilt_volumes_check (const char *option, GVariant *volumes, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (gsize i = 0; i < quilt_entries_count (volumes); i++) {
    g_auto (QuiltVolume) volume = {NULL};

    if (!read_nth (volumes, i, option, &volume, error))
      return FALSE;
    if (g_hash_table_contains (seen, volume.destination))
      return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, option, volume.destination,
                     "this place in the container is given twice");
    g_hash_table_add (seen, g_steal_pointer (&volume.destination));
  }
  return TRUE;
}

/* The keys belong to tmpfs. */
static GHashTable *
tmpfs_places (GVariant *tmpfs)
{
  GHashTable *places = g_hash_table_new (g_str_hash, g_str_equal);

  for (gsize i = 0; i < quilt_entries_count (tmpfs); i++) {
    const char *place;

    g_variant_get_child (tmpfs, i, "(&sas)", &place, NULL);
    g_hash_table_add (places, (gpointer)place);
  }
  return places;
}

gboolean
quilt_volumes_check_together (GVariant *volumes, GVariant *tmpfs, gboolean has_ids, GError **error)
{
  g_autoptr (GHashTable) places = tmpfs_places (tmpfs);

  for (gsize i = 0; i < quilt_entries_count (volumes); i++) {
    g_auto (QuiltVolume) volume = {NULL};

    if (!read_nth (volumes, i, "volumes", &volume, error))
      return FALSE;
    if (!has_ids && g_strcmp0 (volume.words[QUILT_VOLUME_IDS], "idmap") == 0)
      return refuse_word (error, QUILT_ERROR_INVALID_ARGUMENT, "volumes", "idmap",
                          "it needs a user namespace, and userns is 'host'");
    if (g_hash_table_contains (places, volume.destination))
      return refuse (error, QUILT_ERROR_INVALID_ARGUMENT, "volumes", volume.destination,
                     "a tmpfs has that place in the container");
  }
  return TRUE;
}

gboolean
quilt_volumes_have_nodes (GVariant *volumes)
{
  for (gsize i = 0; i < quilt_entries_count (volumes); i++) {
    g_auto (QuiltVolume) volume = {NULL};

    if (!read_nth (volumes, i, "volumes", &volume, NULL) ||
        strcmp (volume.words[QUILT_VOLUME_DEV], "dev") == 0)
      return TRUE;
  }
  return FALSE;
}

char **
quilt_volume_mount_options (const QuiltVolume *volume, gboolean has_ids)
{
  g_autoptr (GStrvBuilder) options = g_strv_builder_new ();
  gboolean recursive = strcmp (volume->words[QUILT_VOLUME_TREE], "rbind") == 0;

  for (guint kind = 0; kind < QUILT_VOLUME_KINDS; kind++)
    for (guint i = 0; i < G_N_ELEMENTS (words); i++)
      if (words[i].kind == kind && words[i].is_mount_option &&
          g_strcmp0 (words[i].name, volume->words[kind]) == 0) {
        /* The option with "r" also applies to the mounts below. */
        g_autofree char *below = g_strconcat ("r", words[i].name, NULL);
        gboolean is_attribute = kind != QUILT_VOLUME_TREE && kind != QUILT_VOLUME_PROPAGATION;

        g_strv_builder_add (options, recursive && is_attribute ? below : words[i].name);
      }
  if (has_ids && g_strcmp0 (volume->words[QUILT_VOLUME_IDS], "noidmap") != 0)
    g_strv_builder_add (options, recursive ? "ridmap" : "idmap");
  return g_strv_builder_end (options);
}
