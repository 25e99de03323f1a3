/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much a container waits for memory, CPU and disks: the kernel's pressure stall information. */
#include "daemon/host/pressure.h"

#include "systemd/cgroup.h"

#include <string.h>

/* "avg10=0.12" → "some-avg10" 0.12. What is not like that is left out. */
static void
add_word (GVariantBuilder *builder, const char *line, const char *word)
{
  const char *equals = strchr (word, '=');
  g_autofree char *key = NULL;
  char *end = NULL;
  gdouble average;
  guint64 total;

  if (!equals || !g_ascii_isdigit (equals[1]))
    return;
  key = g_strdup_printf ("%s-%.*s", line, (int)(equals - word), word);
  if (strncmp (word, "total=", strlen ("total=")) == 0) {
    if (g_ascii_string_to_unsigned (equals + 1, 10, 0, G_MAXUINT64, &total, NULL))
      g_variant_builder_add (builder, "{sv}", key, g_variant_new_uint64 (total));
    return;
  }
  average = g_ascii_strtod (equals + 1, &end);
  if (*end == '\0')
    g_variant_builder_add (builder, "{sv}", key, g_variant_new_double (average));
}

GVariant *
quilt_pressure_parse (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (char **line = lines; *line; line++) {
    g_auto (GStrv) words = g_strsplit (*line, " ", -1);

    if (words[0] && (strcmp (words[0], "some") == 0 || strcmp (words[0], "full") == 0))
      for (char **word = words + 1; *word; word++)
        add_word (&builder, words[0], *word);
  }
  return g_variant_builder_end (&builder);
}

GVariant *
quilt_pressure_read (const char *place, const char *resource)
{
  g_autofree char *directory = place && *place ? quilt_scope_path (place) : NULL;
  g_autofree char *file = g_strconcat (resource, ".pressure", NULL);
  g_autofree char *path = directory ? g_build_filename (directory, file, NULL) : NULL;
  g_autofree char *text = NULL;

  if (!path || !g_file_get_contents (path, &text, NULL, NULL))
    return g_variant_ref_sink (quilt_pressure_parse (""));
  return g_variant_ref_sink (quilt_pressure_parse (text));
}
