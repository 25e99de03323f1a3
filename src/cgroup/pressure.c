/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pressure stall information, as in memory.pressure: Documentation/accounting/psi.rst. */
#include "cgroup/pressure.h"

#include <string.h>

void
quilt_cgroup_parse_pressure (
    const char *text,
    void (*add) (const char *line, const char *key, const char *value, gpointer data),
    gpointer data)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line; line++) {
    g_auto (GStrv) words = g_strsplit (*line, " ", -1);

    if (!words[0] || (strcmp (words[0], "some") != 0 && strcmp (words[0], "full") != 0))
      continue;
    for (char **word = words + 1; *word; word++) {
      char *equals = strchr (*word, '=');

      if (!equals)
        continue;
      *equals = '\0';
      add (words[0], *word, equals + 1, data);
    }
  }
}
