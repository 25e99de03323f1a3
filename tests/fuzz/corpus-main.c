/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a fuzz target once over each file of the directories given: the corpus as a plain test. */
#include "fuzz.h"

#include <stdio.h>

static gboolean
run_file (const char *path)
{
  g_autofree char *data = NULL;
  g_autofree char *exact = NULL;
  gsize size;

  if (!g_file_get_contents (path, &data, &size, NULL)) {
    fprintf (stderr, "Failed to read '%s'\n", path);
    return FALSE;
  }
  /* GLib adds a NUL, which would hide a read past the end. */
  exact = g_memdup2 (data, size);
  LLVMFuzzerTestOneInput ((const uint8_t *)exact, size);
  return TRUE;
}

static gboolean
run_directory (const char *path, guint *n)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *file = g_build_filename (path, name, NULL);

    if (!run_file (file))
      return FALSE;
    ++*n;
  }
  return TRUE;
}

int
main (int argc, char **argv)
{
  guint n = 0;

  for (int i = 1; i < argc; i++)
    if (!run_directory (argv[i], &n))
      return 1;
  printf ("%u inputs\n", n);
  return n > 0 ? 0 : 1;
}
