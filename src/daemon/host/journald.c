/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Computes journald's own size limit of the journal. */
#include "daemon/host/journald.h"

#include "daemon/host/config-files.h"
#include "spec/options/options.h"
#include "spec/quantities.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* journald.conf(5): a tenth of the file system, at most 4 GiB; 15 % of it stay free, at most 4
 * GiB. */
#define DEFAULT_MAX (G_GUINT64_CONSTANT (4) << 30)
/* journald uses this much even on a full disk. */
#define ALWAYS (G_GUINT64_CONSTANT (16) << 20)

/* The journal on a disk, and in /run. */
typedef enum { SYSTEM, RUNTIME, N_KINDS } Kind;

typedef struct {
  guint64 max_use[N_KINDS]; /* 0: the default */
  guint64 keep_free[N_KINDS];
  char *storage;
} Settings;

static void
apply (Settings *settings, const char *key, const char *value)
{
  const struct {
    const char *key;
    guint64 *bytes;
  } sizes[] = {
      {"SystemMaxUse", &settings->max_use[SYSTEM]},
      {"SystemKeepFree", &settings->keep_free[SYSTEM]},
      {"RuntimeMaxUse", &settings->max_use[RUNTIME]},
      {"RuntimeKeepFree", &settings->keep_free[RUNTIME]},
  };

  if (g_str_equal (key, "Storage")) {
    g_free (settings->storage);
    settings->storage = g_strdup (value);
  }
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    if (g_str_equal (key, sizes[i].key) && !quilt_parse_bytes (value, sizes[i].bytes, NULL))
      *sizes[i].bytes = 0;
}

static void
read_file (Settings *settings, const char *path)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return;
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line; line++) {
    char *equals = strchr (g_strstrip (*line), '=');

    if (!equals || **line == '#' || **line == ';')
      continue;
    *equals = '\0';
    apply (settings, g_strchomp (*line), g_strchug (equals + 1));
  }
}

static void
read_settings (Settings *settings, const char *root)
{
  g_autofree char *vendor = g_strconcat (root, "/usr/lib/systemd", NULL);
  g_autofree char *run = g_strconcat (root, "/run/systemd", NULL);
  g_autofree char *local = g_strconcat (root, "/etc/systemd", NULL);
  const char *directories[] = {vendor, run, local, NULL};
  g_autoptr (GPtrArray) files = quilt_config_files_find (directories, "journald.conf", NULL);

  for (guint i = 0; files && i < files->len; i++)
    read_file (settings, files->pdata[i]);
}

static guint64
count_used (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  guint64 used = 0;
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (directory, name, NULL);
    struct stat st;

    if (lstat (path, &st) == 0)
      used += (guint64)st.st_blocks * 512;
  }
  return used;
}

/* The directory of this machine's journal. Returns NULL if there is none. */
static char *
find_journal (const char *root, const char *storage, Kind *ret_kind)
{
  g_autofree char *id_file = g_strconcat (root, "/etc/machine-id", NULL);
  g_autofree char *id = NULL;
  const char *const places[N_KINDS] = {"/var/log/journal/", "/run/log/journal/"};

  if (g_strcmp0 (storage, "none") == 0 || !g_file_get_contents (id_file, &id, NULL, NULL))
    return NULL;
  for (guint kind = g_strcmp0 (storage, "volatile") == 0 ? RUNTIME : SYSTEM; kind < N_KINDS;
       kind++) {
    g_autofree char *path = g_strconcat (root, places[kind], g_strchomp (id), NULL);

    *ret_kind = (Kind)kind;
    if (g_file_test (path, G_FILE_TEST_IS_DIR))
      return g_steal_pointer (&path);
  }
  return NULL;
}

static void
settings_clear (Settings *settings)
{
  g_free (settings->storage);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Settings, settings_clear)

guint64
quilt_journald_get_limit (const char *root)
{
  g_auto (Settings) settings = {0};
  g_autofree char *directory = NULL;
  guint64 size, room, max_use, keep_free;
  struct statvfs fs;
  Kind kind;

  read_settings (&settings, root);
  directory = find_journal (root, settings.storage, &kind);
  if (!directory || statvfs (directory, &fs) < 0)
    return QUILT_INFINITY;
  size = (guint64)fs.f_blocks * fs.f_frsize;
  room = (guint64)fs.f_bavail * fs.f_frsize + count_used (directory);
  max_use = settings.max_use[kind] ? settings.max_use[kind] : MIN (size / 10, DEFAULT_MAX);
  keep_free =
      settings.keep_free[kind] ? settings.keep_free[kind] : MIN (size / 100 * 15, DEFAULT_MAX);
  return MIN (max_use, MAX (room > keep_free ? room - keep_free : 0, ALWAYS));
}
