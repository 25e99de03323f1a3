/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans the mounts of the options tmpfs, shm-size and volumes. */
#include "spec/oci/etc.h"
#include "spec/oci/private.h"
#include "spec/options/tmpfs.h"
#include "spec/options/volume.h"

#include <stdlib.h>
#include <string.h>

/* Searches the first n mounts. */
static QuiltMount *
find_mount (const QuiltSpec *spec, guint n, const char *destination)
{
  for (guint i = 0; i < n; i++) {
    QuiltMount *mount = spec->mounts->pdata[i];

    if (strcmp (mount->destination, destination) == 0)
      return mount;
  }
  return NULL;
}

static void
plan_shm (QuiltSpec *spec, const QuiltOptions *options)
{
  QuiltMount *shm = find_mount (spec, spec->mounts->len, "/dev/shm");

  for (char **option = shm ? shm->options : NULL; option && *option; option++)
    if (g_str_has_prefix (*option, "size=")) {
      g_free (*option);
      *option = g_strdup_printf ("size=%" G_GUINT64_FORMAT, options->shm_size);
    }
}

/* Adds the mount at destination. Replaces one of the first n mounts, which are standard mounts. The
 * checks of options ensure that no two requested mounts have the same destination. Takes ownership
 * of the strings. */
static void
put_mount (
    QuiltSpec *spec, guint n, char *destination, const char *type, char *source, char **options)
{
  QuiltMount *mount = find_mount (spec, n, destination);

  if (!mount) {
    mount = g_new0 (QuiltMount, 1);
    g_ptr_array_add (spec->mounts, mount);
  }
  g_free (mount->destination);
  g_free (mount->type);
  g_free (mount->source);
  g_strfreev (mount->options);
  mount->destination = destination;
  mount->type = g_strdup (type);
  mount->source = source;
  mount->options = options;
}

/* The files are writable, as programs expect, unless the root is read-only. */
void
quilt_plan_etc (QuiltSpec *spec, const QuiltOptions *options, const char *etc)
{
  const char *const access = options->read_only ? "ro" : "rw";
  const char *const words[] = {"bind", QUILT_MOUNT_COPY, "nosuid", "nodev", "noexec", access, NULL};

  for (guint i = 0; i < QUILT_ETC_FILES; i++)
    if (quilt_etc_has (i, options))
      put_mount (spec, spec->mounts->len, g_strconcat ("/etc/", quilt_etc_name (i), NULL), "bind",
                 g_build_filename (etc, quilt_etc_name (i), NULL), g_strdupv ((char **)words));
}

/* Mounts the host's file of the time zone. A volume may replace it. */
void
quilt_plan_timezone (QuiltSpec *spec, const QuiltOptions *options)
{
  static const char *const words[] = {"bind", "ro", "nosuid", "nodev", "noexec", NULL};
  char *source = quilt_options_get_timezone_file (options);

  if (source)
    put_mount (spec, spec->mounts->len, g_strdup ("/etc/localtime"), "bind", source,
               g_strdupv ((char **)words));
}

gboolean
quilt_plan_mounts (QuiltSpec *spec, const QuiltOptions *options, gboolean has_ids, GError **error)
{
  const guint n = spec->mounts->len;

  plan_shm (spec, options);
  for (gsize i = 0; i < quilt_entries_count (options->tmpfs); i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (options->tmpfs, i);
    char *path = NULL, **words = NULL;

    if (!quilt_tmpfs_read ("tmpfs", entry, &path, &words, error))
      return FALSE;
    put_mount (spec, n, path, "tmpfs", g_strdup ("tmpfs"), words);
  }
  for (gsize i = 0; i < quilt_entries_count (options->volumes); i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (options->volumes, i);
    g_auto (QuiltVolume) volume = {NULL};

    if (!quilt_volume_read ("volumes", entry, &volume, error))
      return FALSE;
    put_mount (spec, n, g_steal_pointer (&volume.destination), "bind",
               g_steal_pointer (&volume.source), quilt_volume_mount_options (&volume, has_ids));
  }
  return TRUE;
}

static int
compare_destinations (gconstpointer a, gconstpointer b)
{
  const QuiltMount *const *p = a, *const *q = b;

  return strcmp ((*p)->destination, (*q)->destination);
}

void
quilt_plan_order (QuiltSpec *spec, guint first)
{
  if (first < spec->mounts->len)
    qsort (spec->mounts->pdata + first, spec->mounts->len - first, sizeof (gpointer),
           compare_destinations);
}
