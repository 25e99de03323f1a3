/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pressure stall information: how much a container waits for memory, CPU and disks. */
#include "daemon/host/pressure.h"

#include "cgroup/file.h"
#include "cgroup/pressure.h"
#include "systemd/cgroup.h"

#include <string.h>

/* "some", "avg10", "0.12" → "some-avg10" 0.12. Ignores other values. */
static void
add_stall (const char *line, const char *key, const char *value, gpointer builder)
{
  g_autofree char *name = g_strconcat (line, "-", key, NULL);
  char *end = NULL;
  gdouble average;
  guint64 total;

  if (!g_ascii_isdigit (*value))
    return;
  if (strcmp (key, "total") == 0) {
    if (g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT64, &total, NULL))
      g_variant_builder_add (builder, "{sv}", name, g_variant_new_uint64 (total));
    return;
  }
  average = g_ascii_strtod (value, &end);
  if (*end == '\0')
    g_variant_builder_add (builder, "{sv}", name, g_variant_new_double (average));
}

GVariant *
quilt_pressure_parse (const char *text)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  quilt_cgroup_parse_pressure (text, add_stall, &builder);
  return g_variant_builder_end (&builder);
}

GVariant *
quilt_pressure_read (const char *place, const char *resource)
{
  g_autofree char *directory = place && *place ? quilt_scope_path (place) : NULL;
  g_autofree char *file = g_strconcat (resource, ".pressure", NULL);
  g_autofree char *text = directory ? quilt_cgroup_read_in (directory, file) : NULL;

  return g_variant_ref_sink (quilt_pressure_parse (text ? text : ""));
}
