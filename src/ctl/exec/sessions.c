/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sessions: lists what exec runs in a container. */
#include "ctl/bus.h"
#include "ctl/filter.h"
#include "ctl/print.h"
#include "ctl/rows.h"
#include "ctl/text.h"

/* Adds a session's row, with its command as one line of text. */
static void
add_row (json_object *rows, GVariant *session)
{
  json_object *row = quilt_json_new_variant (session);
  g_autoptr (GVariant) command =
      g_variant_lookup_value (session, "command", G_VARIANT_TYPE_BYTESTRING_ARRAY);
  g_auto (GStrv) argv = command ? g_variant_dup_bytestring_array (command, NULL) : NULL;
  g_autofree char *line = argv ? g_strjoinv (" ", argv) : NULL;

  json_object_object_del (row, "command");
  quilt_json_add_string (row, "command", line ? line : "");
  json_object_array_add (rows, row);
}

static json_object *
fetch (QuiltCtl *ctl, const char *name, GError **error)
{
  g_autoptr (json_object) rows = json_object_new_array ();
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariantIter) sessions = NULL;
  GVariant *session;

  if (!quilt_bus_check_text ("container name", name, error))
    return NULL;
  reply = quilt_bus_call_manager (ctl, "ListSessions",
                                  g_variant_new ("(s@a{sv})", name, quilt_bus_no_options ()),
                                  "(aa{sv})", error);
  if (!reply)
    return NULL;
  g_variant_get (reply, "(aa{sv})", &sessions);
  while ((session = g_variant_iter_next_value (sessions))) {
    add_row (rows, session);
    g_variant_unref (session);
  }
  return g_steal_pointer (&rows);
}

static void
print_table (QuiltCtl *ctl, json_object *rows)
{
  static const char *const columns[] = {"SESSION", "USER", "PID", "STARTED", "COMMAND", NULL};
  g_autoptr (QuiltTable) table = quilt_table_new (columns);
  guint64 now = (guint64)g_get_real_time ();

  for (gsize i = 0; i < json_object_array_length (rows); i++) {
    json_object *row = json_object_array_get_idx (rows, i);
    const char *command = quilt_row_string (row, "command");

    quilt_table_take (table, quilt_text_short_id (quilt_row_string (row, "session")));
    quilt_table_add (table, quilt_row_string (row, "user"));
    quilt_table_take (table, g_strdup_printf ("%" G_GUINT64_FORMAT, quilt_row_uint64 (row, "pid")));
    quilt_table_take (table, quilt_text_ago (quilt_row_uint64 (row, "started"), now));
    quilt_table_add (table, *command ? command : "(login shell)");
  }
  quilt_print_table (ctl, table);
}

int
verb_sessions (QuiltCtl *ctl, char **argv)
{
  char **args = quilt_ctl_parse (ctl, argv, NULL);
  g_autoptr (json_object) rows = NULL;
  g_autoptr (GError) error = NULL;

  if (!args)
    return ctl->parse_code;
  rows = fetch (ctl, args[0], &error);
  if (!rows)
    return quilt_ctl_fail (ctl, error);
  if (ctl->json != QUILT_JSON_OFF)
    quilt_print_json (ctl, rows);
  else
    print_table (ctl, rows);
  return 0;
}
