/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rewrites the words of a command line for GOption. */
#include "ctl/words.h"

#include "base/option-words.h"
#include "ctl/foreign.h"
#include "ctl/suggest.h"
#include "spec/options/arguments.h"

#include <string.h>

typedef struct {
  const char *verb; /* NULL: the options before the verb */
  const GOptionEntry *entries;
  gboolean strict;
} Place;

/* Whether create has this option, which is spelled as typed. */
static gboolean
is_of_create (const char *typed)
{
  for (const QuiltArgument *argument = quilt_arguments; argument->name; argument++)
    if (typed[1] == '-' ? strcmp (argument->name, typed + 2) == 0 : argument->letter == typed[1])
      return TRUE;
  return FALSE;
}

static gboolean
refuse (const char *typed, gpointer data, GError **error)
{
  const Place *place = data;
  const char *verb = place->verb;
  gboolean is_long = typed[1] == '-';
  const char *instead =
      verb ? quilt_foreign_option (verb, is_long ? typed + 2 : NULL, is_long ? '\0' : typed[1])
           : NULL;
  const char *near = is_long ? quilt_suggest_option (place->entries, typed + 2) : NULL;

  if (instead)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                 "unknown option %s of podman or docker: %s", typed, instead);
  else if (g_strcmp0 (verb, "update") == 0 && is_of_create (typed))
    g_set_error (
        error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
        "option %s works only with run and create: update can't change it; see quiltctl update "
        "--help",
        typed);
  else if (near)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                 "unknown option %s; did you mean --%s?", typed, near);
  else
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                 "unknown option %s; see quiltctl%s%s --help", typed, verb ? " " : "",
                 verb ? verb : "");
  return FALSE;
}

/* In podman and docker, -h of run takes a value. */
static gboolean
check (char *const *word, gpointer data, GError **error)
{
  const Place *place = data;

  if (!place->strict || !place->verb || strcmp (word[0], "-h") != 0 || !word[1])
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "option -h takes no value and shows help: for the host name use --hostname");
  return FALSE;
}

GPtrArray *
quilt_words_new (
    char **argv, const char *verb, const GOptionEntry *entries, gboolean strict, GError **error)
{
  Place place = {verb, entries, strict};
  const QuiltOptionSyntax syntax = {entries, strict, refuse, check, &place};

  return quilt_option_words_new (argv, &syntax, error);
}
