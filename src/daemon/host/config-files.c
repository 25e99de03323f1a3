/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds a configuration file and its drop-ins by the rules of systemd's programs. */
#include "daemon/host/config-files.h"

#include "base/error.h"

#include <string.h>

/* Maps the names of drop-ins to their paths. A file in a more important directory replaces an
 * earlier one. */
static gboolean
find_drop_ins (const char *directory, const char *file, GHashTable *paths, GError **error)
{
  g_autofree char *base = g_build_filename (directory, file, NULL);
  g_autofree char *drop_ins = g_strconcat (base, ".d", NULL);
  g_autoptr (GError) why = NULL;
  g_autoptr (GDir) dir = g_dir_open (drop_ins, 0, &why);
  const char *name;

  if (g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return TRUE;
  if (!dir) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to read '%s': %s",
                 drop_ins, why->message);
    return FALSE;
  }
  while ((name = g_dir_read_name (dir)))
    if (g_str_has_suffix (name, ".conf") && name[0] != '.')
      g_hash_table_replace (paths, g_strdup (name), g_build_filename (drop_ins, name, NULL));
  return TRUE;
}

GPtrArray *
quilt_config_files_find (const char *const *directories, const char *name, GError **error)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) drop_ins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autofree char *base = NULL;
  g_autoptr (GList) names = NULL;

  for (const char *const *directory = directories; *directory; directory++) {
    g_autofree char *path = g_build_filename (*directory, name, NULL);

    if (g_file_test (path, G_FILE_TEST_EXISTS)) {
      g_free (base);
      base = g_steal_pointer (&path);
    }
    if (!find_drop_ins (*directory, name, drop_ins, error))
      return NULL;
  }
  if (base)
    g_ptr_array_add (files, g_steal_pointer (&base));
  names = g_list_sort (g_hash_table_get_keys (drop_ins), (GCompareFunc)strcmp);
  for (GList *entry = names; entry; entry = entry->next)
    g_ptr_array_add (files, g_strdup (g_hash_table_lookup (drop_ins, entry->data)));
  return g_steal_pointer (&files);
}
