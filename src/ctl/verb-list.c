/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list: all containers, one row each. */
#include "ctl/bus.h"
#include "ctl/print.h"
#include "ctl/text.h"

#include <stdio.h>
#include <string.h>

/* A row of ListContainers; strings belong to the answer. */
typedef struct {
  const char *id, *name, *image, *command, *state, *reason;
  guint64 created, started, finished;
  int exit_code;
  guint32 owner;
  GVariant *labels; /* a{ss} */
} Row;

typedef struct {
  QuiltCtl *ctl;
  gboolean quiet;
  gboolean show_labels; /* in a column */
  char **wanted_labels; /* KEY or KEY=VALUE, all of them; NULL: any */
  QuiltTable *table;
  json_object *array;
} List;

static char *
describe_state (const Row *row)
{
  if (strcmp (row->state, "exited") != 0 || row->exit_code < 0)
    return g_strdup (row->state);
  if (strcmp (row->reason, "exited") == 0)
    return g_strdup_printf ("exited (%d)", row->exit_code);
  return g_strdup_printf ("exited (%d, %s)", row->exit_code, row->reason);
}

static gboolean
has_label (const Row *row, const char *wanted)
{
  g_auto (GStrv) parts = g_strsplit (wanted, "=", 2);
  const char *value;

  return parts[0] && g_variant_lookup (row->labels, parts[0], "&s", &value) &&
         (!parts[1] || g_str_equal (value, parts[1]));
}

static gboolean
is_wanted (const List *list, const Row *row)
{
  for (char **label = list->wanted_labels; label && *label; label++)
    if (!has_label (row, *label))
      return FALSE;
  return TRUE;
}

/* "a=1,b=2". */
static char *
describe_labels (const Row *row)
{
  GString *text = g_string_new (NULL);
  const char *key, *value;
  GVariantIter iter;

  g_variant_iter_init (&iter, row->labels);
  while (g_variant_iter_next (&iter, "{&s&s}", &key, &value))
    g_string_append_printf (text, "%s%s=%s", text->len ? "," : "", key, value);
  return g_string_free (text, FALSE);
}

static void
add_row (const List *list, const Row *row, guint64 now)
{
  QuiltTable *table = list->table;

  quilt_table_add (table, row->name);
  quilt_table_take (table, quilt_text_short_id (row->id));
  quilt_table_take (table, quilt_text_short_id (row->image));
  quilt_table_take (table, describe_state (row));
  quilt_table_take (table,
                    quilt_text_ago (MAX (MAX (row->created, row->started), row->finished), now));
  if (list->show_labels)
    quilt_table_take (table, describe_labels (row));
  quilt_table_add (table, row->command);
}

static json_object *
new_json_row (const Row *row)
{
  json_object *object = json_object_new_object ();
  json_object *labels = json_object_new_object ();
  const char *key, *value;
  GVariantIter iter;

  quilt_json_add_string (object, "id", row->id);
  quilt_json_add_string (object, "name", row->name);
  quilt_json_add_string (object, "image", row->image);
  quilt_json_add_string (object, "command", row->command);
  quilt_json_add_string (object, "state", row->state);
  quilt_json_add_uint64 (object, "created", row->created);
  quilt_json_add_uint64 (object, "started", row->started);
  quilt_json_add_uint64 (object, "finished", row->finished);
  json_object_object_add (object, "exitCode", json_object_new_int (row->exit_code));
  quilt_json_add_string (object, "reason", row->reason);
  json_object_object_add (object, "owner", json_object_new_int64 (row->owner));
  json_object_object_add (object, "labels", labels);
  g_variant_iter_init (&iter, row->labels);
  while (g_variant_iter_next (&iter, "{&s&s}", &key, &value))
    quilt_json_add_string (labels, key, value);
  return object;
}

static void
add (List *list, const Row *row, guint64 now)
{
  if (!is_wanted (list, row))
    return;
  if (list->ctl->json != QUILT_JSON_OFF)
    json_object_array_add (list->array, new_json_row (row));
  else if (list->quiet)
    puts (row->id);
  else
    add_row (list, row, now);
}

/* Labels that are hidden would look like labels that are not there. */
static GVariant *
list_options (const List *list)
{
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  if (list->show_labels || list->wanted_labels)
    g_variant_dict_insert (&options, "detail", "b", TRUE);
  return g_variant_dict_end (&options);
}

int
verb_list (QuiltCtl *ctl, char **argv)
{
  static const char *const plain[] = {"NAME", "ID", "IMAGE", "STATE", "SINCE", "COMMAND", NULL};
  static const char *const labelled[] = {"NAME",  "ID",     "IMAGE",   "STATE",
                                         "SINCE", "LABELS", "COMMAND", NULL};
  List list = {.ctl = ctl};
  g_auto (GStrv) wanted_labels = NULL;
  gboolean all = TRUE;
  const GOptionEntry entries[] = {
      {"all", 'a', 0, G_OPTION_ARG_NONE, &all, "List all, as without it", NULL},
      {"quiet", 'q', 0, G_OPTION_ARG_NONE, &list.quiet, "Print IDs alone", NULL},
      {"label", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &wanted_labels,
       "Only containers with this label", "KEY[=VALUE]"},
      {"labels", 0, 0, G_OPTION_ARG_NONE, &list.show_labels, "Show the labels too", NULL},
      {NULL}};
  g_autoptr (QuiltTable) table = NULL;
  g_autoptr (json_object) array = json_object_new_array ();
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariantIter) iter = NULL;
  g_autoptr (GError) error = NULL;
  guint64 now = (guint64)g_get_real_time ();
  char **args = quilt_ctl_parse (ctl, argv, entries);
  Row row = {0};

  if (!args)
    return ctl->parse_code;
  list.table = table = quilt_table_new (list.show_labels ? labelled : plain);
  list.array = array;
  list.wanted_labels = wanted_labels;
  reply = quilt_bus_call_manager (ctl, "ListContainers",
                                  g_variant_new ("(@a{sv})", list_options (&list)),
                                  "(a(ossssstttisua{ss}))", &error);
  if (!reply)
    return quilt_ctl_fail (ctl, error);
  g_variant_get (reply, "(a(ossssstttisua{ss}))", &iter);
  while (g_variant_iter_loop (iter, "(&o&s&s&s&s&sttti&su@a{ss})", NULL, &row.id, &row.name,
                              &row.image, &row.command, &row.state, &row.created, &row.started,
                              &row.finished, &row.exit_code, &row.reason, &row.owner, &row.labels))
    add (&list, &row, now);
  if (ctl->json != QUILT_JSON_OFF)
    quilt_print_json (ctl, array);
  else if (!list.quiet)
    quilt_print_table (ctl, table);
  return 0;
}
