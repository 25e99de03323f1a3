/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* top: lists the processes of a container, as the container and as the host see them. */
#include "ctl/bus.h"
#include "ctl/filter.h"
#include "ctl/print.h"
#include "ctl/rows.h"
#include "ctl/text.h"

#include <string.h>

#define NONE (-1)

/* A number of a row, of type u or t. Returns NONE if the row has no such key. */
static gint64
get_number (GVariant *row, const char *key)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (row, key, NULL);

  if (value && g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
    return g_variant_get_uint32 (value);
  if (value && g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64))
    return (gint64)MIN (g_variant_get_uint64 (value), G_MAXINT64);
  return NONE;
}

static void
add_number (json_object *object, const char *name, GVariant *row, const char *key)
{
  json_object_object_add (object, name, json_object_new_int64 (get_number (row, key)));
}

/* The arguments, separated by blanks. Without them the name in brackets, as ps(1) does. */
static char *
describe_command (GVariant *row)
{
  g_autoptr (GVariant) command =
      g_variant_lookup_value (row, "command", G_VARIANT_TYPE_BYTESTRING_ARRAY);
  g_autoptr (GVariant) name = g_variant_lookup_value (row, "name", G_VARIANT_TYPE_BYTESTRING);
  g_auto (GStrv) argv = command ? g_variant_dup_bytestring_array (command, NULL) : NULL;

  if (argv && *argv)
    return g_strjoinv (" ", argv);
  return g_strdup_printf ("[%s]", name ? g_variant_get_bytestring (name) : "");
}

static json_object *
new_row (GVariant *row)
{
  json_object *object = json_object_new_object ();
  g_autoptr (GVariant) name = g_variant_lookup_value (row, "name", G_VARIANT_TYPE_BYTESTRING);
  const char *state = "";
  gboolean cut = FALSE;

  g_variant_lookup (row, "state", "&s", &state);
  g_variant_lookup (row, "command-cut", "b", &cut);
  add_number (object, "hostPid", row, "host-pid");
  add_number (object, "pid", row, "pid");
  add_number (object, "hostParent", row, "host-parent");
  add_number (object, "hostUid", row, "host-uid");
  add_number (object, "uid", row, "uid");
  quilt_json_add_string (object, "state", state);
  add_number (object, "threads", row, "threads");
  add_number (object, "cpu", row, "cpu");
  add_number (object, "memory", row, "memory");
  add_number (object, "started", row, "started");
  quilt_json_add_string (object, "name", name ? g_variant_get_bytestring (name) : "");
  quilt_json_take_string (object, "command", describe_command (row));
  json_object_object_add (object, "commandCut", json_object_new_boolean (cut));
  return object;
}

static json_object *
fetch (QuiltCtl *ctl, const char *name, guint64 *ret_left_out, GError **error)
{
  g_autoptr (json_object) rows = json_object_new_array ();
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) results = NULL;
  g_autoptr (GVariantIter) processes = NULL;
  GVariant *process;

  if (!quilt_bus_check_text ("container name", name, error))
    return NULL;
  reply = quilt_bus_call_manager (ctl, "ListProcesses",
                                  g_variant_new ("(s@a{sv})", name, quilt_bus_no_options ()),
                                  "(aa{sv}a{sv})", error);
  if (!reply)
    return NULL;
  g_variant_get (reply, "(aa{sv}@a{sv})", &processes, &results);
  while ((process = g_variant_iter_next_value (processes))) {
    json_object_array_add (rows, new_row (process));
    g_variant_unref (process);
  }
  g_variant_lookup (results, "left-out", "t", ret_left_out);
  return g_steal_pointer (&rows);
}

static gint64
read_number (json_object *row, const char *key)
{
  json_object *value = NULL;

  return json_object_object_get_ex (row, key, &value) ? json_object_get_int64 (value) : NONE;
}

static void
add_id (QuiltTable *table, json_object *row, const char *key)
{
  const gint64 id = read_number (row, key);

  quilt_table_take (table, id == NONE ? g_strdup ("-") : g_strdup_printf ("%" G_GINT64_FORMAT, id));
}

/* The share of one CPU since the process started. */
static char *
describe_cpu (json_object *row, guint64 now)
{
  const guint64 started = quilt_row_uint64 (row, "started");
  const double passed = (double)MAX (now - MIN (started, now), 1);

  return g_strdup_printf ("%.1f%%", 100 * (double)quilt_row_uint64 (row, "cpu") / passed);
}

static char *
describe_row_command (json_object *row)
{
  return g_strconcat (quilt_row_string (row, "command"),
                      read_number (row, "commandCut") > 0 ? " …" : "", NULL);
}

static void
print_table (QuiltCtl *ctl, json_object *rows)
{
  static const char *const columns[] = {"HOST-PID", "PID",    "HOST-UID", "UID",     "STATE",
                                        "CPU",      "MEMORY", "STARTED",  "COMMAND", NULL};
  static const char *const ids[] = {"hostPid", "pid", "hostUid", "uid"};
  g_autoptr (QuiltTable) table = quilt_table_new (columns);
  const guint64 now = (guint64)g_get_real_time ();

  for (gsize i = 0; i < json_object_array_length (rows); i++) {
    json_object *row = json_object_array_get_idx (rows, i);

    for (guint j = 0; j < G_N_ELEMENTS (ids); j++)
      add_id (table, row, ids[j]);
    quilt_table_add (table, quilt_row_string (row, "state"));
    quilt_table_take (table, describe_cpu (row, now));
    quilt_table_take (table, quilt_text_bytes (quilt_row_uint64 (row, "memory")));
    quilt_table_take (table, quilt_text_ago (quilt_row_uint64 (row, "started"), now));
    quilt_table_take (table, describe_row_command (row));
  }
  quilt_print_table (ctl, table);
}

static int
print_rows (QuiltCtl *ctl, json_object *rows, const char *format)
{
  if (ctl->json != QUILT_JSON_OFF)
    quilt_print_json (ctl, rows);
  else if (format)
    return quilt_rows_print (ctl, rows, format);
  else
    print_table (ctl, rows);
  return 0;
}

int
verb_top (QuiltCtl *ctl, char **argv)
{
  g_autofree char *format = NULL;
  const GOptionEntry entries[] = {
      {"no-trunc", 0, 0, G_OPTION_ARG_NONE, &ctl->no_cut, "Print columns in full", NULL},
      {"format", 0, 0, G_OPTION_ARG_FILENAME, &format, "Print these fields, or json", "TEMPLATE"},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  g_autoptr (json_object) rows = NULL;
  g_autoptr (GError) error = NULL;
  guint64 left_out = 0;
  int code;

  if (!args)
    return ctl->parse_code;
  if (args[1])
    return quilt_ctl_usage (ctl, "top takes neither descriptors nor options of ps; use --format, "
                                 "such as --format '{{.Pid}} {{.Command}}'");
  if (quilt_rows_check_format (ctl, &format, &error))
    rows = fetch (ctl, args[0], &left_out, &error);
  if (!rows)
    return quilt_ctl_fail (ctl, error);
  code = print_rows (ctl, rows, format);
  if (left_out > 0)
    quilt_ctl_warn ("%" G_GUINT64_FORMAT " more processes are not shown", left_out);
  return code;
}
