/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* import, images, remove-image. */
#include "ctl/bus.h"
#include "ctl/options/change.h"
#include "ctl/verbs/image.h"
#include "ctl/list-filters.h"
#include "ctl/print.h"
#include "ctl/rows.h"
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
  g_auto (GStrv) changes = NULL;
  const GOptionEntry entries[] = {{"change", 'c', 0, G_OPTION_ARG_FILENAME_ARRAY, &changes,
                                   "Say how to run it: CMD, ENTRYPOINT, ENV...", "INSTRUCTION"},
                                  {"no-end-mark", 0, 0, G_OPTION_ARG_NONE, &no_end_mark,
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
  if (!quilt_changes_add (changes, &options, &error)) {
    g_variant_dict_clear (&options);
    return quilt_ctl_fail (ctl, error);
  }
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

typedef struct {
  gboolean all, quiet, no_trunc;
  char **filters;
  char *format;
} Images;

static void
images_clear (Images *images)
{
  g_strfreev (images->filters);
  g_free (images->format);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Images, images_clear)

static GVariant *
with_all (void)
{
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "all", "b", TRUE);
  return g_variant_dict_end (&options);
}

static json_object *
fetch (QuiltCtl *ctl, gboolean all, GError **error)
{
  g_autoptr (GVariant) images = quilt_bus_list_images (ctl, all ? with_all () : NULL, error);
  g_autoptr (json_object) rows = json_object_new_array ();
  const char *digest, **names;
  guint64 size, created;
  GVariantIter iter;

  if (!images)
    return NULL;
  g_variant_iter_init (&iter, images);
  while (g_variant_iter_next (&iter, "(&o&s^a&stt)", NULL, &digest, &names, &size, &created)) {
    json_object_array_add (rows, new_json_row (digest, names, size, created));
    g_free (names);
  }
  return g_steal_pointer (&rows);
}

/* Adds a row for each name, as podman does, with values formatted for tables and templates. */
static void
add_views (const Images *images, json_object *row, guint64 now, json_object *views)
{
  const char *digest = quilt_row_string (row, "digest");
  guint64 created = quilt_row_uint64 (row, "created");
  json_object *names = NULL;
  gsize i = 0, n;

  json_object_object_get_ex (row, "names", &names);
  n = json_object_array_length (names);
  do {
    json_object *view = json_object_new_object ();
    const char *name = i < n ? json_object_get_string (json_object_array_get_idx (names, i)) : "";

    quilt_json_add_string (view, "name", name);
    quilt_json_add_string (view, "repository", name);
    quilt_json_add_string (view, "digest", digest);
    quilt_json_take_string (view, "id",
                            images->no_trunc ? g_strdup (digest) : quilt_text_short_id (digest));
    quilt_json_take_string (view, "size", quilt_text_bytes (quilt_row_uint64 (row, "size")));
    quilt_json_take_string (view, "created", quilt_text_ago (created, now));
    quilt_json_take_string (view, "createdSince", quilt_text_ago (created, now));
    quilt_json_take_string (view, "createdAt", quilt_text_time (created));
    json_object_array_add (views, view);
  } while (++i < n);
}

static void
add_rows (QuiltTable *table, json_object *views)
{
  for (gsize i = 0; i < json_object_array_length (views); i++) {
    json_object *view = json_object_array_get_idx (views, i);

    quilt_table_add (table, quilt_row_string (view, "name"));
    quilt_table_add (table, quilt_row_string (view, "id"));
    quilt_table_add (table, quilt_row_string (view, "size"));
    quilt_table_add (table, quilt_row_string (view, "created"));
  }
}

static int
print (QuiltCtl *ctl, const Images *images, json_object *rows)
{
  static const char *const columns[] = {"NAME", "DIGEST", "SIZE", "CREATED", NULL};
  g_autoptr (QuiltTable) table = quilt_table_new (columns);
  g_autoptr (json_object) views = json_object_new_array ();
  guint64 now = (guint64)g_get_real_time ();

  if (ctl->json != QUILT_JSON_OFF) {
    quilt_print_json (ctl, rows);
    return 0;
  }
  for (gsize i = 0; i < json_object_array_length (rows); i++) {
    json_object *row = json_object_array_get_idx (rows, i);

    if (images->quiet && !images->format)
      puts (quilt_row_string (row, "digest"));
    else
      add_views (images, row, now, views);
  }
  if (images->format)
    return quilt_rows_print (ctl, views, images->format);
  if (images->quiet)
    return 0;
  add_rows (table, views);
  quilt_print_table (ctl, table);
  return 0;
}

/* The images that have one of the names given as arguments, and pass the filters. */
static json_object *
choose (const Images *images, char **names, json_object *rows, GError **error)
{
  g_autoptr (GStrvBuilder) references = g_strv_builder_new ();
  g_auto (GStrv) filters = NULL;
  g_autoptr (json_object) named = NULL;

  for (; *names; names++) {
    g_autofree char *filter = g_strconcat ("reference=", *names, NULL);

    g_strv_builder_add (references, filter);
  }
  filters = g_strv_builder_end (references);
  named = quilt_filter_rows (rows, filters, quilt_image_filters, error);
  return named ? quilt_filter_rows (named, images->filters, quilt_image_filters, error) : NULL;
}

int
verb_images (QuiltCtl *ctl, char **argv)
{
  g_auto (Images) images = {0};
  const GOptionArg flag = G_OPTION_ARG_NONE;
  const GOptionEntry entries[] = {
      {"all", 'a', 0, flag, &images.all, "Also those of setup steps", NULL},
      {"quiet", 'q', 0, flag, &images.quiet, "Print digests alone", NULL},
      {"filter", 'f', 0, G_OPTION_ARG_FILENAME_ARRAY, &images.filters,
       "Only these (reference=web*)", "KEY=VALUE"},
      {"no-trunc", 0, 0, flag, &images.no_trunc, "Print digests in full", NULL},
      {"format", 0, 0, G_OPTION_ARG_FILENAME, &images.format, "Print these fields, or json",
       "TEMPLATE"},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  g_autoptr (json_object) rows = NULL;
  g_autoptr (json_object) chosen = NULL;
  g_autoptr (GError) error = NULL;

  if (!args)
    return ctl->parse_code;
  ctl->no_cut = images.no_trunc;
  if (quilt_rows_check_format (ctl, &images.format, &error))
    rows = fetch (ctl, images.all, &error);
  chosen = rows ? choose (&images, args, rows, &error) : NULL;
  return chosen ? print (ctl, &images, chosen) : quilt_ctl_fail (ctl, error);
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
