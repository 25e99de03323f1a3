/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration of ldconfig(8), /etc/ld.so.conf. */
#include "look/verify/configuration.h"

#include <dirent.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX 65536
#define FILES_MAX 256
#define DIRECTORIES_MAX 1024
#define DIRECTORY_ENTRIES_MAX 4096
#define DEPTH_MAX 8

typedef struct {
  QuiltRoot *root;
  GPtrArray *directories;
  guint n_files;
  guint depth;
} Reading;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DIR, closedir)

static void read_file (Reading *self, const char *path);

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* A pattern in another part than the last one is not supported. */
static void
include (Reading *self, const char *file, const char *pattern)
{
  g_autofree char *base = g_path_get_dirname (file);
  g_autofree char *path =
      *pattern == '/' ? g_strdup (pattern) : g_build_filename (base, pattern, NULL);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *wanted = g_path_get_basename (path);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const int fd = quilt_root_open_directory (self->root, directory);
  g_autoptr (DIR) dir = fd >= 0 ? fdopendir (fd) : NULL;
  const struct dirent *entry;

  for (guint i = 0; dir && i < DIRECTORY_ENTRIES_MAX && (entry = readdir (dir)); i++)
    if (fnmatch (wanted, entry->d_name, FNM_PERIOD) == 0)
      g_ptr_array_add (names, g_build_filename (directory, entry->d_name, NULL));
  if (fd >= 0 && !dir)
    close (fd);
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++)
    read_file (self, names->pdata[i]);
}

static void
read_line (Reading *self, const char *file, char *line)
{
  line[strcspn (line, "#")] = '\0';
  g_strstrip (line);
  if (g_str_has_prefix (line, "include") && g_ascii_isspace (line[7])) {
    g_auto (GStrv) patterns = g_strsplit_set (g_strstrip (line + 8), " \t", -1);

    for (char **pattern = patterns; *pattern; pattern++)
      if (**pattern)
        include (self, file, *pattern);
  } else if (*line == '/' && self->directories->len < DIRECTORIES_MAX) {
    line[strcspn (line, " \t=")] = '\0'; /* "=TYPE" is of libc5's days */
    g_ptr_array_add (self->directories, g_strdup (line));
  }
}

static void
read_file (Reading *self, const char *path)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (self->depth >= DEPTH_MAX || self->n_files >= FILES_MAX)
    return;
  self->n_files++;
  bytes = quilt_root_read (self->root, path, FILE_MAX);
  if (!bytes)
    return;
  text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  lines = g_strsplit (text, "\n", -1);
  self->depth++;
  for (char **line = lines; *line; line++)
    read_line (self, path, *line);
  self->depth--;
}

char **
quilt_configuration_read (QuiltRoot *root, const char *path)
{
  g_autoptr (GPtrArray) directories = g_ptr_array_new_with_free_func (g_free);
  Reading self = {.root = root, .directories = directories};

  read_file (&self, path);
  g_ptr_array_add (directories, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&directories), FALSE);
}
