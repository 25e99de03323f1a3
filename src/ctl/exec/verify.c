/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* verify: says whether a program of an image can run, and what to do if it can't. */
#include "ctl/bus.h"
#include "ctl/filter.h"
#include "ctl/print.h"
#include "ctl/rows.h"
#include "ctl/text.h"

#include <stdio.h>
#include <string.h>

/* The answer of VerifyImage. */
typedef struct {
  json_object *problems;
  gboolean runs;
  char *program; /* NULL: none was found */
  guint64 left_out;
} Verdict;

static void
verdict_clear (Verdict *verdict)
{
  g_clear_pointer (&verdict->problems, json_object_put);
  g_clear_pointer (&verdict->program, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Verdict, verdict_clear)

static void
add_text (json_object *object, const char *name, GVariant *row, const char *key)
{
  const char *text = "";

  g_variant_lookup (row, key, "&s", &text);
  quilt_json_add_string (object, name, text);
}

static void
add_bytes (json_object *object, const char *name, GVariant *row, const char *key)
{
  g_autoptr (GVariant) bytes = g_variant_lookup_value (row, key, G_VARIANT_TYPE_BYTESTRING);

  quilt_json_add_string (object, name, bytes ? g_variant_get_bytestring (bytes) : "");
}

static json_object *
new_row (GVariant *row)
{
  json_object *object = json_object_new_object ();

  add_text (object, "severity", row, "severity");
  add_text (object, "kind", row, "kind");
  add_bytes (object, "path", row, "path");
  add_bytes (object, "neededBy", row, "needed-by");
  add_text (object, "message", row, "message");
  add_text (object, "hint", row, "hint");
  return object;
}

static void
read_reply (GVariant *reply, Verdict *verdict)
{
  g_autoptr (GVariant) results = NULL;
  g_autoptr (GVariantIter) problems = NULL;
  g_autoptr (GVariant) program = NULL;
  GVariant *problem;

  verdict->problems = json_object_new_array ();
  g_variant_get (reply, "(aa{sv}@a{sv})", &problems, &results);
  while ((problem = g_variant_iter_next_value (problems))) {
    json_object_array_add (verdict->problems, new_row (problem));
    g_variant_unref (problem);
  }
  g_variant_lookup (results, "runs", "b", &verdict->runs);
  g_variant_lookup (results, "left-out", "t", &verdict->left_out);
  program = g_variant_lookup_value (results, "program", G_VARIANT_TYPE_BYTESTRING);
  verdict->program = program ? g_variant_dup_bytestring (program, NULL) : NULL;
}

static gboolean
fetch (QuiltCtl *ctl, char **args, Verdict *verdict, GError **error)
{
  g_autoptr (GVariant) reply = NULL;

  if (!quilt_bus_check_text ("image name", args[0], error))
    return FALSE;
  reply = quilt_bus_call_manager (
      ctl, "VerifyImage",
      g_variant_new ("(s@aay@a{sv})", args[0],
                     g_variant_new_bytestring_array ((const char *const *)args + 1, -1),
                     quilt_bus_no_options ()),
      "(aa{sv}a{sv})", error);
  if (reply)
    read_reply (reply, verdict);
  return reply != NULL;
}

/* named: the program that the user named; NULL: none. */
static void
print_text (const Verdict *verdict, const char *named)
{
  const char *known = verdict->program ? verdict->program : named;
  g_autofree char *program = quilt_text_line (known ? known : "The image's command");
  const char *quote = known ? "'" : "";

  for (gsize i = 0; i < json_object_array_length (verdict->problems); i++) {
    json_object *row = json_object_array_get_idx (verdict->problems, i);
    g_autofree char *message = quilt_text_line (quilt_row_string (row, "message"));
    g_autofree char *hint = quilt_text_line (quilt_row_string (row, "hint"));

    printf ("%-8s %s\n", quilt_row_string (row, "severity"), message);
    if (*hint)
      printf ("%-8s %s\n", "", hint);
  }
  if (verdict->left_out > 0)
    printf ("%-8s %" G_GUINT64_FORMAT " more problems are not shown\n", "", verdict->left_out);
  printf ("%-8s %s%s%s %s\n", verdict->runs ? "good" : "bad", quote, program, quote,
          verdict->runs ? "can run" : "can't run");
}

static void
print_object (QuiltCtl *ctl, const Verdict *verdict)
{
  g_autoptr (json_object) object = json_object_new_object ();

  json_object_object_add (object, "runs", json_object_new_boolean (verdict->runs));
  quilt_json_add_string (object, "program", verdict->program ? verdict->program : "");
  json_object_object_add (object, "problems", json_object_get (verdict->problems));
  quilt_json_add_uint64 (object, "leftOut", verdict->left_out);
  quilt_print_json (ctl, object);
}

int
verb_verify (QuiltCtl *ctl, char **argv)
{
  g_autofree char *format = NULL;
  const GOptionEntry entries[] = {
      {"format", 0, 0, G_OPTION_ARG_FILENAME, &format, "Print these fields, or json", "TEMPLATE"},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  g_autoptr (GError) error = NULL;
  g_auto (Verdict) verdict = {0};
  int code = 0;

  if (!args)
    return ctl->parse_code;
  if (!quilt_rows_check_format (ctl, &format, &error) || !fetch (ctl, args, &verdict, &error))
    return quilt_ctl_fail (ctl, error);
  if (ctl->json != QUILT_JSON_OFF)
    print_object (ctl, &verdict);
  else if (format)
    code = quilt_rows_print (ctl, verdict.problems, format);
  else
    print_text (&verdict, args[1]);
  return code == 0 && !verdict.runs ? QUILT_EXIT_NOT_EXECUTABLE : code;
}
