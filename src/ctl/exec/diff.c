/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* diff: lists what a container has changed of its image. */
#include "ctl/bus.h"
#include "ctl/pager.h"
#include "ctl/print.h"
#include "ctl/rows.h"
#include "ctl/text.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  json_object *rows; /* NULL: lines are printed as they come */
  gboolean complete; /* the last record has come */
} Diff;

/* Returns the pipe with the records, or -1 on error. */
static int
fetch (QuiltCtl *ctl, const char *name, GError **error)
{
  QuiltDbusCall call;
  g_auto (QuiltDbusReply) reply = {0};
  gint32 index; /* an index into reply.fds, which the client has checked */

  if (!quilt_bus_check_text ("container name", name, error) || !quilt_bus_connect (ctl, error))
    return -1;
  call = quilt_bus_make_call (ctl, "/org/quilt", QUILT_BUS_MANAGER, "ListChanges",
                              g_variant_new ("(s@a{sv})", name, quilt_bus_no_options ()), "(h)");
  quilt_dbus_call_sync (ctl->connection, &call, -1, &reply);
  if (!reply.body) {
    quilt_bus_fix_error (&reply.error);
    g_propagate_error (error, g_steal_pointer (&reply.error));
    return -1;
  }
  g_variant_get (reply.body, "(h)", &index);
  return g_steal_fd (&reply.fds[index]);
}

static void
add_change (Diff *diff, const char *record)
{
  const char kind[] = {record[0], '\0'};
  g_autofree char *path = NULL;
  json_object *row;

  if (diff->rows) {
    row = json_object_new_object ();
    quilt_json_add_string (row, "change", kind);
    quilt_json_add_string (row, "path", record + 1);
    json_object_array_add (diff->rows, row);
    return;
  }
  path = quilt_text_line (record + 1);
  printf ("%s %s\n", kind, path);
}

/* Returns FALSE after the last record if it is an error. */
static gboolean
take_record (Diff *diff, const char *record, GError **error)
{
  switch (*record) {
  case 'A':
  case 'C':
  case 'D':
    add_change (diff, record);
    return TRUE;
  case '.':
    diff->complete = TRUE;
    return TRUE;
  case '!':
    diff->complete = TRUE;
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_FAILED, record + 1);
    return FALSE;
  default:
    return TRUE; /* of a later quiltd */
  }
}

/* Takes the whole records at the beginning of text, and removes them. */
static gboolean
take_records (Diff *diff, GString *text, GError **error)
{
  const char *at = text->str, *end;

  while ((end = memchr (at, '\0', (gsize)(text->str + text->len - at)))) {
    if (!take_record (diff, at, error))
      return FALSE;
    at = end + 1;
  }
  g_string_erase (text, 0, at - text->str);
  return TRUE;
}

static gboolean
read_all (Diff *diff, int fd, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[16384];
  ssize_t n;

  while ((n = read (fd, buffer, sizeof buffer)) != 0) {
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return quilt_set_error_errno (error, errno, "Failed to read the changes");
    g_string_append_len (text, buffer, n);
    if (!take_records (diff, text, error))
      return FALSE;
    if (ferror (stdout))
      return TRUE; /* the reader is gone: quilt_ctl_finish() says so */
  }
  if (diff->complete)
    return TRUE;
  g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                       "The list of changes is incomplete: quilt-look has ended early");
  return FALSE;
}

static int
print_rows (QuiltCtl *ctl, json_object *rows, const char *format)
{
  if (format)
    return quilt_rows_print (ctl, rows, format);
  quilt_print_json (ctl, rows);
  return 0;
}

int
verb_diff (QuiltCtl *ctl, char **argv)
{
  g_autofree char *format = NULL;
  const GOptionEntry entries[] = {
      {"format", 0, 0, G_OPTION_ARG_FILENAME, &format, "Print these fields, or json", "TEMPLATE"},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  g_autoptr (json_object) rows = NULL;
  g_autoptr (GError) error = NULL;
  g_autofd int fd = -1;
  Diff diff = {0};
  int code = 0;

  if (!args)
    return ctl->parse_code;
  if (quilt_rows_check_format (ctl, &format, &error))
    fd = fetch (ctl, args[0], &error);
  if (fd < 0)
    return quilt_ctl_fail (ctl, error);
  if (format || ctl->json != QUILT_JSON_OFF)
    diff.rows = rows = json_object_new_array ();
  else
    quilt_pager_open (ctl);
  read_all (&diff, fd, &error);
  if (rows)
    code = print_rows (ctl, rows, format);
  return error ? quilt_ctl_fail (ctl, error) : code;
}
