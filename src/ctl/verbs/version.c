/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* version: prints the versions of quiltctl and of the running quiltd. */
#include "ctl/bus.h"
#include "ctl/print.h"

#include "config.h"

#include <stdio.h>

int
verb_version (QuiltCtl *ctl, char **argv)
{
  char **args = quilt_ctl_parse (ctl, argv, NULL);
  g_autoptr (GVariant) properties = NULL;
  g_autoptr (GError) error = NULL;
  const char *daemon = NULL;

  if (!args)
    return ctl->parse_code;
  properties = quilt_bus_get_all (ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, &error);
  if (properties)
    g_variant_lookup (properties, "Version", "&s", &daemon);
  if (ctl->json != QUILT_JSON_OFF) {
    g_autoptr (json_object) object = json_object_new_object ();

    quilt_json_add_string (object, "quiltctl", QUILT_VERSION);
    if (daemon)
      quilt_json_add_string (object, "quiltd", daemon);
    quilt_print_json (ctl, object);
  } else {
    puts ("quiltctl " QUILT_VERSION);
    if (daemon)
      printf ("quiltd   %s\n", daemon);
  }
  return properties ? 0 : quilt_ctl_fail (ctl, error);
}
