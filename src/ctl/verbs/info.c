/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* info: Quilt and the host that it runs on. */
#include "ctl/bus.h"
#include "ctl/filter.h"
#include "ctl/print.h"
#include "ctl/rows.h"
#include "ctl/text.h"

#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void
add_host (json_object *object)
{
  json_object *host = json_object_new_object ();
  g_autofree char *os = g_get_os_info (G_OS_INFO_KEY_PRETTY_NAME);
  struct utsname names;

  if (uname (&names) == 0) {
    quilt_json_add_string (host, "hostname", names.nodename);
    quilt_json_add_string (host, "kernel", names.release);
    quilt_json_add_string (host, "arch", names.machine);
  }
  quilt_json_add_string (host, "os", os ? os : "unknown");
  json_object_object_add (host, "cpus", json_object_new_int64 (sysconf (_SC_NPROCESSORS_ONLN)));
  quilt_json_add_uint64 (host, "memory",
                         (guint64)sysconf (_SC_PHYS_PAGES) * (guint64)sysconf (_SC_PAGESIZE));
  json_object_object_add (object, "host", host);
}

static gboolean
add_containers (QuiltCtl *ctl, json_object *object, GError **error)
{
  g_autoptr (GVariant) rows = quilt_bus_list_containers (ctl, NULL, error);
  json_object *containers;
  GVariantIter iter;
  const char *state;

  if (!rows)
    return FALSE;
  containers = json_object_new_object ();
  json_object_object_add (object, "containers", containers);
  quilt_json_add_uint64 (containers, "total", g_variant_n_children (rows));
  g_variant_iter_init (&iter, rows);
  while (g_variant_iter_next (&iter, QUILT_BUS_CONTAINER_ROW, NULL, NULL, NULL, NULL, NULL, &state,
                              NULL, NULL, NULL, NULL, NULL, NULL, NULL))
    quilt_json_add_uint64 (containers, state, quilt_row_uint64 (containers, state) + 1);
  return TRUE;
}

static gboolean
add_quilt (QuiltCtl *ctl, json_object *object, GError **error)
{
  g_autoptr (GVariant) properties =
      quilt_bus_get_all (ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, error);
  g_autoptr (GVariant) images = properties ? quilt_bus_list_images (ctl, NULL, error) : NULL;
  json_object *version;
  const char *daemon = "";

  if (!images)
    return FALSE;
  g_variant_lookup (properties, "Version", "&s", &daemon);
  version = json_object_new_object ();
  quilt_json_add_string (version, "quiltctl", QUILT_VERSION);
  quilt_json_add_string (version, "quiltd", daemon);
  json_object_object_add (object, "version", version);
  quilt_json_add_uint64 (object, "images", g_variant_n_children (images));
  return add_containers (ctl, object, error);
}

/* Prints "key: value", with nested members indented. */
static void
print_members (json_object *object, int indent)
{
  json_object_object_foreach (object, key, value) {
    g_autofree char *line = NULL;

    if (json_object_is_type (value, json_type_object)) {
      printf ("%*s%s:\n", indent, "", key);
      print_members (value, indent + 2);
      continue;
    }
    line = strcmp (key, "memory") == 0 ? quilt_text_bytes (json_object_get_uint64 (value))
                                       : quilt_text_line (json_object_get_string (value));
    printf ("%*s%s: %s\n", indent, "", key, line);
  }
}

int
verb_info (QuiltCtl *ctl, char **argv)
{
  g_autofree char *format = NULL;
  const GOptionEntry entries[] = {
      {"format", 'f', 0, G_OPTION_ARG_FILENAME, &format, "Print these fields, or json", "TEMPLATE"},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  g_autoptr (json_object) rows = json_object_new_array ();
  g_autoptr (GError) error = NULL;
  json_object *object = json_object_new_object ();

  json_object_array_add (rows, object);
  if (!args)
    return ctl->parse_code;
  if (!quilt_rows_check_format (ctl, &format, &error) || !add_quilt (ctl, object, &error))
    return quilt_ctl_fail (ctl, error);
  add_host (object);
  if (format)
    return quilt_rows_print (ctl, rows, format);
  if (ctl->json != QUILT_JSON_OFF)
    quilt_print_json (ctl, object);
  else
    print_members (object, 0);
  return 0;
}
