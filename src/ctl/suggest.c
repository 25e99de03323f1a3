/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the user may have meant by a verb that is not there. */
#include "ctl/suggest.h"

#include "base/text.h"

#include <string.h>

#define WORD_MAX 32

/* Words of podman's, docker's, machinectl's and systemctl's. NULL: nothing here does that, and what
 * is spelled alike is no help. */
static const struct {
  const char *word;
  const char *verb; /* may be NULL */
} synonyms[] = {
    {"delete", "remove"}, {"destroy", "remove"}, {"image", "images"},      {"ls", "list"},
    {"load", "import"},   {"log", "logs"},       {"info", "status"},       {"poweroff", "stop"},
    {"set", "update"},    {"terminate", "kill"}, {"import-tar", "import"}, {"prune", NULL},
    {"pull", "import"},   {"push", NULL},        {"restart", NULL},        {"stats", NULL},
    {"top", NULL},
};

/* Levenshtein's distance, with one row. */
static guint
distance (const char *a, const char *b)
{
  guint row[WORD_MAX + 1];
  gsize length = strlen (b);

  for (guint j = 0; j <= length; j++)
    row[j] = j;
  for (guint i = 1; *a; a++, i++) {
    guint diagonal = row[0];

    row[0] = i;
    for (guint j = 1; j <= length; j++) {
      guint above = row[j];

      row[j] = MIN (MIN (row[j], row[j - 1]) + 1, diagonal + (*a != b[j - 1]));
      diagonal = above;
    }
  }
  return row[length];
}

const char *
quilt_suggest (const QuiltVerb *verbs, const char *word)
{
  const char *best = NULL;
  guint best_distance = 3; /* further away it is another word */

  for (guint i = 0; i < G_N_ELEMENTS (synonyms); i++)
    if (strcmp (synonyms[i].word, word) == 0)
      return synonyms[i].verb;
  if (strlen (word) > WORD_MAX)
    return NULL;
  for (; verbs->name; verbs++) {
    guint d = distance (word, verbs->name);

    if (d < best_distance && d < strlen (word)) {
      best = verbs->name;
      best_distance = d;
    }
  }
  return best;
}

int
quilt_suggest_verb (QuiltCtl *ctl, const char *word)
{
  const char *near = quilt_suggest (ctl->verbs, word);

  ctl->verb = NULL;
  if (near)
    return quilt_ctl_usage (ctl, "unknown verb '%s'; did you mean '%s'?", word, near);
  return quilt_ctl_usage (ctl, "unknown verb '%s'; see quiltctl --help", word);
}
