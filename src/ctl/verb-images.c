/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* import, images, remove-image. */
#include "ctl/bus.h"
#include "ctl/image.h"
#include "ctl/print.h"
#include "ctl/text.h"

#include <stdio.h>

static void
print_imported (QuiltCtl *ctl, const QuiltImported *imported)
{
  g_autoptr (json_object) object = json_object_new_object ();
  json_object *left_out = json_object_new_object ();
  GVariantIter iter;
  const char *kind;
  guint64 count;

  quilt_json_add_string (object, "digest", imported->digest);
  json_object_object_add (object, "existed", json_object_new_boolean (imported->existed));
  if (imported->left_out) {
    g_variant_iter_init (&iter, imported->left_out);
    while (g_variant_iter_next (&iter, "{&st}", &kind, &count))
      quilt_json_add_uint64 (left_out, kind, count);
  }
  json_object_object_add (object, "leftOut", left_out);
  quilt_print_json (ctl, object);
}

int
verb_import (QuiltCtl *ctl, char **argv)
{
  gboolean no_end_mark = FALSE;
  const GOptionEntry entries[] = {{"no-end-mark", 0, 0, G_OPTION_ARG_NONE, &no_end_mark,
                                   "Take a tar archive without its end mark", NULL},
                                  {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  g_autoptr (GError) error = NULL;
  g_auto (QuiltImported) imported = {0};
  GVariantDict options;

  if (!args)
    return ctl->parse_code;
  g_variant_dict_init (&options, NULL);
  if (no_end_mark)
    g_variant_dict_insert (&options, "no-end-mark", "b", TRUE);
  if (!quilt_image_import (ctl, args[0], args[1] ? args[1] : "", g_variant_dict_end (&options),
                           &imported, &error))
    return quilt_ctl_fail (ctl, error);
  if (ctl->json == QUILT_JSON_OFF)
    puts (imported.digest);
  else
    print_imported (ctl, &imported);
  return 0;
}

static json_object *
new_json_row (const char *digest, const char **names, guint64 size, guint64 created)
{
  json_object *object = json_object_new_object ();

  quilt_json_add_string (object, "digest", digest);
  json_object_object_add (object, "names", quilt_json_new_strv (names));
  quilt_json_add_uint64 (object, "size", size);
  quilt_json_add_uint64 (object, "created", created);
  return object;
}

/* As podman: a row for each name. */
static void
add_rows (QuiltTable *table, const char *digest, const char **names, guint64 size, guint64 created)
{
  guint64 now = (guint64)g_get_real_time ();
  guint i = 0;

  do {
    quilt_table_add (table, names[i]);
    quilt_table_take (table, quilt_text_short_id (digest));
    quilt_table_take (table, quilt_text_bytes (size));
    quilt_table_take (table, quilt_text_ago (created, now));
  } while (names[i] && names[++i]);
}

int
verb_images (QuiltCtl *ctl, char **argv)
{
  static const char *const columns[] = {"NAME", "DIGEST", "SIZE", "CREATED", NULL};
  gboolean quiet = FALSE;
  const GOptionEntry entries[] = {
      {"quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "Print digests alone", NULL}, {NULL}};
  g_autoptr (QuiltTable) table = quilt_table_new (columns);
  g_autoptr (json_object) array = json_object_new_array ();
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariantIter) iter = NULL;
  g_autoptr (GError) error = NULL;
  char **args = quilt_ctl_parse (ctl, argv, entries);
  const char *digest, **names;
  guint64 size, created;

  if (!args)
    return ctl->parse_code;
  reply = quilt_bus_call_manager (ctl, "ListImages",
                                  g_variant_new ("(@a{sv})", quilt_bus_no_options ()),
                                  "(a(osastt))", &error);
  if (!reply)
    return quilt_ctl_fail (ctl, error);
  g_variant_get (reply, "(a(osastt))", &iter);
  while (g_variant_iter_next (iter, "(&o&s^a&stt)", NULL, &digest, &names, &size, &created)) {
    if (ctl->json != QUILT_JSON_OFF)
      json_object_array_add (array, new_json_row (digest, names, size, created));
    else if (quiet)
      puts (digest);
    else
      add_rows (table, digest, names, size, created);
    g_free (names);
  }
  if (ctl->json != QUILT_JSON_OFF)
    quilt_print_json (ctl, array);
  else if (!quiet)
    quilt_print_table (ctl, table);
  return 0;
}

int
verb_remove_image (QuiltCtl *ctl, char **argv)
{
  char **args = quilt_ctl_parse (ctl, argv, NULL);
  g_autoptr (GError) error = NULL;

  if (!args)
    return ctl->parse_code;
  for (guint i = 0; args[i]; i++)
    if (!quilt_bus_check_text ("image name", args[i], &error))
      return quilt_ctl_fail (ctl, error);
  return quilt_bus_call_bulk (ctl, "RemoveImages",
                              g_variant_new ("(^as@a{sv})", args, quilt_bus_no_options ()));
}
