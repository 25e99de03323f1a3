/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hides the files that show the temperature of the host's processors. */
#include "daemon/host/sensors.h"

#include <glob.h>

void
quilt_sensors_mask (QuiltSpec *spec, const char *directory)
{
  g_autofree char *pattern = g_build_filename (directory, "cpu[0-9]*", "thermal_throttle", NULL);
  g_autofree char *first = g_build_filename (directory, "cpu0", "thermal_throttle", NULL);
  g_autoptr (GStrvBuilder) paths = NULL;
  glob_t found;

  /* A virtual machine has no such files, so skip the search through all processors. */
  if (!spec->masked_paths || !g_file_test (first, G_FILE_TEST_EXISTS) ||
      glob (pattern, GLOB_NOSORT, NULL, &found) != 0)
    return;
  paths = g_strv_builder_new ();
  g_strv_builder_addv (paths, (const char **)spec->masked_paths);
  for (gsize i = 0; i < found.gl_pathc; i++)
    g_strv_builder_add (paths, found.gl_pathv[i]);
  globfree (&found);
  g_strfreev (spec->masked_paths);
  spec->masked_paths = g_strv_builder_end (paths);
}
