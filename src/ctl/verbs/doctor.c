/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* doctor: shows what this host can isolate, with advice for what it can't. */
#include "ctl/bus.h"
#include "ctl/print.h"
#include "ctl/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

#define TEXT_COLUMN 28

/* The width of the texts in the third column; a pipe has none. */
static guint
get_text_width (void)
{
  struct winsize size = {0};

  if (!isatty (STDOUT_FILENO) || ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) < 0 ||
      size.ws_col < 2 * TEXT_COLUMN)
    return G_MAXUINT;
  return size.ws_col - TEXT_COLUMN;
}

/* Prints words in lines of the third column; the cursor is in that column. */
static void
print_words (const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  const guint width = get_text_width ();
  guint column = 0;

  for (char **word = words; *word; word++) {
    const guint length = quilt_text_width (*word);

    if (column > 0 && column + 1 + length > width) {
      printf ("\n%*s", TEXT_COLUMN, "");
      column = 0;
    }
    printf ("%s%s", column > 0 ? " " : "", *word);
    column += length + (column > 0);
  }
  putchar ('\n');
}

/* The advice is printed below the finding. */
static void
print_row (const char *check, const char *verdict, const char *found, const char *advice)
{
  g_autofree char *finding = quilt_text_line (found);
  g_autofree char *remedy = quilt_text_line (advice);

  printf ("%-8s %-18s ", verdict, check);
  print_words (finding);
  if (!*remedy)
    return;
  printf ("%*s", TEXT_COLUMN, "");
  print_words (remedy);
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
