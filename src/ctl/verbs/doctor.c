/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* doctor: shows what this host can isolate, with advice for what it can't. */
#include "ctl/bus.h"
#include "ctl/print.h"
#include "ctl/text.h"

#include <stdio.h>
#include <string.h>

static json_object *
new_json_row (const char *check, const char *verdict, const char *found, const char *advice)
{
  json_object *object = json_object_new_object ();

  quilt_json_add_string (object, "check", check);
  quilt_json_add_string (object, "verdict", verdict);
  quilt_json_add_string (object, "finding", found);
  quilt_json_add_string (object, "advice", advice);
  return object;
}

/* The advice is printed below the finding. */
static void
print_row (const char *check, const char *verdict, const char *found, const char *advice)
{
  g_autofree char *finding = quilt_text_line (found);
  g_autofree char *remedy = quilt_text_line (advice);

  printf ("%-8s %-18s %s\n", verdict, check, finding);
  if (*remedy)
    printf ("%-8s %-18s %s\n", "", "", remedy);
}

int
verb_doctor (QuiltCtl *ctl, char **argv)
{
  char **args = quilt_ctl_parse (ctl, argv, NULL);
  g_autoptr (json_object) array = json_object_new_array ();
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariantIter) iter = NULL;
  g_autoptr (GError) error = NULL;
  const char *check, *verdict, *found, *advice;
  int code = 0;

  if (!args)
    return ctl->parse_code;
  reply = quilt_bus_call_manager (
      ctl, "Diagnose", g_variant_new ("(@a{sv})", quilt_bus_no_options ()), "(a(ssss))", &error);
  if (!reply)
    return quilt_ctl_fail (ctl, error);
  g_variant_get (reply, "(a(ssss))", &iter);
  while (g_variant_iter_next (iter, "(&s&s&s&s)", &check, &verdict, &found, &advice)) {
    if (strcmp (verdict, "missing") == 0)
      code = QUILT_EXIT_FAILURE;
    if (ctl->json == QUILT_JSON_OFF)
      print_row (check, verdict, found, advice);
    else
      json_object_array_add (array, new_json_row (check, verdict, found, advice));
  }
  if (ctl->json != QUILT_JSON_OFF)
    quilt_print_json (ctl, array);
  return code;
}
