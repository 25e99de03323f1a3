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
} Row;

static char *
describe_state (const Row *row)
{
  if (strcmp (row->state, "exited") != 0 || row->exit_code < 0)
    return g_strdup (row->state);
  if (strcmp (row->reason, "exited") == 0)
    return g_strdup_printf ("exited (%d)", row->exit_code);
  return g_strdup_printf ("exited (%d, %s)", row->exit_code, row->reason);
}

static void
add_row (QuiltTable *table, const Row *row, guint64 now)
{
  quilt_table_add (table, row->name);
  quilt_table_take (table, quilt_text_short_id (row->id));
  quilt_table_take (table, quilt_text_short_id (row->image));
  quilt_table_take (table, describe_state (row));
  quilt_table_take (table,
                    quilt_text_ago (MAX (MAX (row->created, row->started), row->finished), now));
  quilt_table_add (table, row->command);
}

static json_object *
new_json_row (const Row *row)
{
  json_object *object = json_object_new_object ();

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
  return object;
}

int
verb_list (QuiltCtl *ctl, char **argv)
{
  static const char *const columns[] = {"NAME", "ID", "IMAGE", "STATE", "SINCE", "COMMAND", NULL};
  gboolean quiet = FALSE, all = TRUE;
  const GOptionEntry entries[] = {
      {"all", 'a', 0, G_OPTION_ARG_NONE, &all, "List all, as without it", NULL},
      {"quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "Print IDs alone", NULL},
      {NULL}};
  g_autoptr (QuiltTable) table = quilt_table_new (columns);
  g_autoptr (json_object) array = json_object_new_array ();
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariantIter) iter = NULL;
  g_autoptr (GError) error = NULL;
  guint64 now = (guint64)g_get_real_time ();
  char **args = quilt_ctl_parse (ctl, argv, entries);
  Row row;

  if (!args)
    return ctl->parse_code;
  reply = quilt_bus_call_manager (ctl, "ListContainers",
                                  g_variant_new ("(@a{sv})", quilt_bus_no_options ()),
                                  "(a(ossssstttisu))", &error);
  if (!reply)
    return quilt_ctl_fail (ctl, error);
  g_variant_get (reply, "(a(ossssstttisu))", &iter);
  while (g_variant_iter_next (iter, "(&o&s&s&s&s&sttti&su)", NULL, &row.id, &row.name, &row.image,
                              &row.command, &row.state, &row.created, &row.started, &row.finished,
                              &row.exit_code, &row.reason, &row.owner)) {
    if (ctl->json != QUILT_JSON_OFF)
      json_object_array_add (array, new_json_row (&row));
    else if (quiet)
      puts (row.id);
    else
      add_row (table, &row, now);
  }
  if (ctl->json != QUILT_JSON_OFF)
    quilt_print_json (ctl, array);
  else if (!quiet)
    quilt_print_table (ctl, table);
  return 0;
}
