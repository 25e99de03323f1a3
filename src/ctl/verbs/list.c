/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list: prints one row for each container. */
#include "ctl/bus.h"
#include "ctl/list-filters.h"
#include "ctl/print.h"
#include "ctl/rows.h"
#include "ctl/text.h"

#include "base/error.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* A row of ListContainers; the answer owns the strings. */
typedef struct {
  const char *id, *name, *image, *command, *state, *reason;
  guint64 created, started, finished;
  int exit_code;
  guint32 owner;
} Row;

typedef struct {
  gboolean all, quiet, latest;
  gboolean show_labels; /* show a column of labels */
  gboolean no_trunc;
  char **labels, **filters; /* filters includes those of labels */
  char *last, *format;
  guint64 n_last; /* 0: all */
} List;

static void
list_clear (List *list)
{
  g_strfreev (list->labels);
  g_strfreev (list->filters);
  g_free (list->last);
  g_free (list->format);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (List, list_clear)

/* If labels were hidden from us, filters on labels would give wrong results, so ask for all
 * details. */
static GVariant *
call_options (const List *list)
{
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  if (list->show_labels || quilt_list_filters_need_detail (list->filters))
    g_variant_dict_insert (&options, "detail", "b", TRUE);
  return g_variant_dict_end (&options);
}

static const char *
get_text (GVariant *row, gsize index)
{
  g_autoptr (GVariant) text = g_variant_get_child_value (row, index);

  return g_variant_get_string (text, NULL);
}

static guint64
get_number (GVariant *row, gsize index)
{
  g_autoptr (GVariant) number = g_variant_get_child_value (row, index);

  return g_variant_get_uint64 (number);
}

/* Member by member: for a format string, GLib would first serialize the whole answer. The members
 * belong to value, which must outlive the row. */
static Row
read_row (GVariant *value)
{
  g_autoptr (GVariant) exit_code = g_variant_get_child_value (value, 9);
  g_autoptr (GVariant) owner = g_variant_get_child_value (value, 11);

  return (Row){
      .id = get_text (value, 1),
      .name = get_text (value, 2),
      .image = get_text (value, 3),
      .command = get_text (value, 4),
      .state = get_text (value, 5),
      .created = get_number (value, 6),
      .started = get_number (value, 7),
      .finished = get_number (value, 8),
      .exit_code = g_variant_get_int32 (exit_code),
      .reason = get_text (value, 10),
      .owner = g_variant_get_uint32 (owner),
  };
}

static json_object *
new_json_row (GVariant *value)
{
  json_object *object = json_object_new_object ();
  json_object *labels = json_object_new_object ();
  g_autoptr (GVariant) pairs = g_variant_get_child_value (value, 12);
  const Row row = read_row (value);
  const char *key, *text;
  GVariantIter iter;

  quilt_json_add_string (object, "id", row.id);
  quilt_json_add_string (object, "name", row.name);
  quilt_json_add_string (object, "image", row.image);
  quilt_json_add_string (object, "command", row.command);
  quilt_json_add_string (object, "state", row.state);
  quilt_json_add_uint64 (object, "created", row.created);
  quilt_json_add_uint64 (object, "started", row.started);
  quilt_json_add_uint64 (object, "finished", row.finished);
  json_object_object_add (object, "exitCode", json_object_new_int (row.exit_code));
  quilt_json_add_string (object, "reason", row.reason);
  json_object_object_add (object, "owner", json_object_new_int64 (row.owner));
  json_object_object_add (object, "labels", labels);
  g_variant_iter_init (&iter, pairs);
  while (g_variant_iter_next (&iter, "{&s&s}", &key, &text))
    quilt_json_add_string (labels, key, text);
  return object;
}

/* All rows as JSON, sorted by creation time. */
static json_object *
new_json_rows (GVariant *rows)
{
  json_object *array = json_object_new_array ();

  for (gsize i = 0; i < g_variant_n_children (rows); i++) {
    g_autoptr (GVariant) value = g_variant_get_child_value (rows, i);

    json_object_array_add (array, new_json_row (value));
  }
  return array;
}

/* A row of JSON as the table shows it. Its strings belong to the JSON. */
static Row
read_json_row (json_object *row)
{
  json_object *exit_code = NULL;

  json_object_object_get_ex (row, "exitCode", &exit_code);
  return (Row){
      .id = quilt_row_string (row, "id"),
      .name = quilt_row_string (row, "name"),
      .image = quilt_row_string (row, "image"),
      .command = quilt_row_string (row, "command"),
      .state = quilt_row_string (row, "state"),
      .reason = quilt_row_string (row, "reason"),
      .created = quilt_row_uint64 (row, "created"),
      .started = quilt_row_uint64 (row, "started"),
      .finished = quilt_row_uint64 (row, "finished"),
      .exit_code = json_object_get_int (exit_code),
  };
}

/* Selects rows: applies the filters, then keeps the last n_last, newest first. */
static json_object *
choose (const List *list, json_object *rows, GError **error)
{
  g_autoptr (json_object) chosen =
      quilt_filter_rows (rows, list->filters, quilt_list_filters, error);
  g_autoptr (json_object) last = NULL;

  if (!chosen || list->n_last == 0)
    return g_steal_pointer (&chosen);
  last = json_object_new_array ();
  for (gsize i = json_object_array_length (chosen);
       i > 0 && json_object_array_length (last) < list->n_last; i--)
    json_object_array_add (last, json_object_get (json_object_array_get_idx (chosen, i - 1)));
  return g_steal_pointer (&last);
}

static char *
describe_state (const Row *row)
{
  if (strcmp (row->state, "exited") != 0 || row->exit_code < 0)
    return g_strdup (row->state);
  return strcmp (row->reason, "exited") == 0
             ? g_strdup_printf ("exited (%d)", row->exit_code)
             : g_strdup_printf ("exited (%d, %s)", row->exit_code, row->reason);
}

static guint64
changed_usec (const Row *row)
{
  return MAX (MAX (row->created, row->started), row->finished);
}

/* Formats labels as "a=1,b=2". */
static char *
describe_labels (json_object *row)
{
  GString *text = g_string_new (NULL);
  json_object *labels;

  if (json_object_object_get_ex (row, "labels", &labels)) {
    json_object_object_foreach (labels, key, value) {
      g_string_append_printf (text, "%s%s=%s", text->len ? "," : "", key,
                              json_object_get_string (value));
    }
  }
  return g_string_free (text, FALSE);
}

/* labels is taken over; NULL without a column of labels. */
static void
add_row (const List *list, QuiltTable *table, const Row *row, char *labels, guint64 now)
{
  quilt_table_add (table, row->name);
  quilt_table_take (table, list->no_trunc ? g_strdup (row->id) : quilt_text_short_id (row->id));
  quilt_table_take (table,
                    list->no_trunc ? g_strdup (row->image) : quilt_text_short_id (row->image));
  quilt_table_take (table, describe_state (row));
  quilt_table_take (table, quilt_text_ago (changed_usec (row), now));
  if (labels)
    quilt_table_take (table, labels);
  quilt_table_add (table, row->command);
}

/* Adds formatted members that templates of podman and docker use, and --json lacks. */
static void
add_view (const List *list, json_object *row, guint64 now)
{
  guint64 created = quilt_row_uint64 (row, "created");
  Row shown = read_json_row (row);

  quilt_json_take_string (row, "names", g_strdup (shown.name));
  quilt_json_take_string (row, "status", describe_state (&shown));
  quilt_json_take_string (row, "since", quilt_text_ago (changed_usec (&shown), now));
  if (!list->no_trunc)
    quilt_json_take_string (row, "id", quilt_text_short_id (shown.id));
  quilt_json_take_string (row, "createdAt", quilt_text_time (created));
  quilt_json_take_string (row, "runningFor", quilt_text_ago (created, now));
  quilt_json_take_string (row, "labels", describe_labels (row));
}

static QuiltTable *
new_table (const List *list)
{
  static const char *const plain[] = {"NAME", "ID", "IMAGE", "STATE", "SINCE", "COMMAND", NULL};
  static const char *const labelled[] = {"NAME",  "ID",     "IMAGE",   "STATE",
                                         "SINCE", "LABELS", "COMMAND", NULL};

  return quilt_table_new (list->show_labels ? labelled : plain);
}

/* Without filters and labels the table needs no JSON, which takes most of the time. */
static gboolean
needs_json (const QuiltCtl *ctl, const List *list)
{
  return ctl->json != QUILT_JSON_OFF || list->format || list->filters || list->show_labels;
}

static void
print_rows (QuiltCtl *ctl, const List *list, GVariant *rows)
{
  g_autoptr (QuiltTable) table = new_table (list);
  guint64 now = (guint64)g_get_real_time ();
  gsize n = g_variant_n_children (rows);
  gsize n_shown = list->n_last > 0 ? MIN (list->n_last, n) : n;

  for (gsize i = 0; i < n_shown; i++) {
    g_autoptr (GVariant) value = g_variant_get_child_value (rows, list->n_last > 0 ? n - 1 - i : i);
    Row row = read_row (value);

    if (list->quiet)
      puts (row.id);
    else
      add_row (list, table, &row, NULL, now);
  }
  if (!list->quiet)
    quilt_print_table (ctl, table);
}

static int
print_json (QuiltCtl *ctl, const List *list, json_object *rows)
{
  g_autoptr (QuiltTable) table = new_table (list);
  guint64 now = (guint64)g_get_real_time ();

  if (ctl->json != QUILT_JSON_OFF) {
    quilt_print_json (ctl, rows);
    return 0;
  }
  for (gsize i = 0; i < json_object_array_length (rows); i++) {
    json_object *row = json_object_array_get_idx (rows, i);
    Row shown = read_json_row (row);

    if (list->format)
      add_view (list, row, now);
    else if (list->quiet)
      puts (shown.id);
    else
      add_row (list, table, &shown, list->show_labels ? describe_labels (row) : NULL, now);
  }
  if (list->format)
    return quilt_rows_print (ctl, rows, list->format);
  if (!list->quiet)
    quilt_print_table (ctl, table);
  return 0;
}

static gboolean
complete (QuiltCtl *ctl, List *list, GError **error)
{
  g_autoptr (GStrvBuilder) filters = g_strv_builder_new ();
  g_autofree char *quoted = NULL;

  if (list->filters)
    g_strv_builder_addv (filters, (const char **)list->filters);
  for (char **label = list->labels; label && *label; label++) {
    g_autofree char *filter = g_strconcat ("label=", *label, NULL);

    g_strv_builder_add (filters, filter);
  }
  if (list->filters || list->labels) {
    g_strfreev (list->filters);
    list->filters = g_strv_builder_end (filters);
  }
  if (list->latest)
    list->n_last = 1;
  if (list->last &&
      !g_ascii_string_to_unsigned (list->last, 10, 1, G_MAXUINT32, &list->n_last, NULL)) {
    quoted = quilt_text_quote (list->last);
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to read number of containers '%s': must be 1 or more", quoted);
    return FALSE;
  }
  return quilt_rows_check_format (ctl, &list->format, error);
}

int
verb_list (QuiltCtl *ctl, char **argv)
{
  g_auto (List) list = {0};
  const GOptionArg flag = G_OPTION_ARG_NONE, many = G_OPTION_ARG_FILENAME_ARRAY;
  const GOptionEntry entries[] = {
      {"all", 'a', 0, flag, &list.all, "No effect: all are listed anyway", NULL},
      {"quiet", 'q', 0, flag, &list.quiet, "Print IDs alone", NULL},
      {"filter", 'f', 0, many, &list.filters, "Only these (status=running)", "KEY=VALUE"},
      {"label", 0, 0, many, &list.labels, "Only containers with this label", "KEY[=VALUE]"},
      {"labels", 0, 0, flag, &list.show_labels, "Show the labels too", NULL},
      {"last", 'n', 0, G_OPTION_ARG_FILENAME, &list.last, "Only the newest, newest first",
       "NUMBER"},
      {"latest", 'l', 0, flag, &list.latest, "Only the newest", NULL},
      {"no-trunc", 0, 0, flag, &list.no_trunc, "Print IDs and columns in full", NULL},
      {"format", 0, 0, G_OPTION_ARG_FILENAME, &list.format, "Print these fields, or json",
       "TEMPLATE"},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  g_autoptr (GVariant) rows = NULL;
  g_autoptr (json_object) json = NULL;
  g_autoptr (json_object) chosen = NULL;
  g_autoptr (GError) error = NULL;

  if (!args)
    return ctl->parse_code;
  ctl->no_cut = list.no_trunc;
  if (complete (ctl, &list, &error))
    rows = quilt_bus_list_containers (ctl, call_options (&list), &error);
  if (rows && !needs_json (ctl, &list)) {
    print_rows (ctl, &list, rows);
    return 0;
  }
  json = rows ? new_json_rows (rows) : NULL;
  chosen = json ? choose (&list, json, &error) : NULL;
  return chosen ? print_json (ctl, &list, chosen) : quilt_ctl_fail (ctl, error);
}
