/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* prune. */
#include "ctl/bus.h"
#include "ctl/print.h"
#include "ctl/text.h"

#include <stdio.h>

static void
print_rows (GVariant *rows, gboolean dry_run)
{
  g_autofree char *bytes = NULL;
  GVariantIter iter;
  const char *digest;
  guint64 freed, total = 0;

  g_variant_iter_init (&iter, rows);
  while (g_variant_iter_next (&iter, "(&st)", &digest, &freed)) {
    puts (digest);
    total += freed;
  }
  bytes = quilt_text_bytes (total);
  printf ("%s %s\n", dry_run ? "Would free" : "Freed", bytes);
}

static void
print_json (QuiltCtl *ctl, GVariant *rows, gboolean dry_run)
{
  g_autoptr (json_object) object = json_object_new_object ();
  json_object *removed = json_object_new_array ();
  GVariantIter iter;
  const char *digest;
  guint64 freed, total = 0;

  g_variant_iter_init (&iter, rows);
  while (g_variant_iter_next (&iter, "(&st)", &digest, &freed)) {
    json_object *row = json_object_new_object ();

    quilt_json_add_string (row, "digest", digest);
    quilt_json_add_uint64 (row, "freed", freed);
    json_object_array_add (removed, row);
    total += freed;
  }
  json_object_object_add (object, "dryRun", json_object_new_boolean (dry_run));
  quilt_json_add_uint64 (object, "freed", total);
  json_object_object_add (object, "removed", removed);
  quilt_print_json (ctl, object);
}

int
verb_prune (QuiltCtl *ctl, char **argv)
{
  gboolean setups = FALSE, dry_run = FALSE;
  const GOptionEntry entries[] = {
      {"setups", 0, 0, G_OPTION_ARG_NONE, &setups, "Kept results of setup steps", NULL},
      {"dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, "Only say what would be removed", NULL},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  g_autoptr (GVariant) answer = NULL, rows = NULL;
  g_autoptr (GError) error = NULL;
  GVariantDict options;

  if (!args)
    return ctl->parse_code;
  if (!setups)
    return quilt_ctl_usage (ctl, "say what to remove: --setups");
  g_variant_dict_init (&options, NULL);
  if (dry_run)
    g_variant_dict_insert (&options, "dry-run", "b", TRUE);
  answer = quilt_bus_call_manager (ctl, "PruneSetups",
                                   g_variant_new ("(@a{sv})", g_variant_dict_end (&options)),
                                   "(a(st))", &error);
  if (!answer)
    return quilt_ctl_fail (ctl, error);
  rows = g_variant_get_child_value (answer, 0);
  if (ctl->json == QUILT_JSON_OFF)
    print_rows (rows, dry_run);
  else
    print_json (ctl, rows, dry_run);
  return 0;
}
