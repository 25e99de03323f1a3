/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Suggestions for an unknown verb or option. */
#include "ctl/suggest.h"

#include "base/text.h"

#include <string.h>

/* Words of podman, docker, machinectl and systemctl. */
static const struct {
  const char *word;
  const char *verb;
} synonyms[] = {
    {"delete", "remove"},       {"destroy", "remove"},
    {"image", "images"},        {"ls", "list"},
    {"load", "import"},         {"log", "logs"},
    {"poweroff", "stop"},       {"set", "update"},
    {"terminate", "kill"},      {"import-tar", "import"},
    {"journal", "logs"},        {"list-units", "list"},
    {"set-property", "update"},
};

/* Features that Quilt lacks so far. instead: a command that does nearly the same, or NULL. */
static const struct {
  const char *word;
  const char *whose;
  const char *instead;
} others[] = {
    {"auto-update", "podman", NULL},
    {"build", "podman", "quiltctl import"},
    {"buildx", "docker", "quiltctl import"},
    {"checkpoint", "podman", NULL},
    {"compose", "podman", NULL},
    {"config", "docker", NULL},
    {"container", "podman", "quiltctl list"},
    {"context", "docker", NULL},
    {"events", "podman", "quiltctl wait, and busctl(1) for signals"},
    {"generate", "podman", NULL},
    {"healthcheck", "podman", NULL},
    {"history", "podman", NULL},
    {"init", "podman", NULL},
    {"kube", "podman", NULL},
    {"login", "podman", NULL},
    {"logout", "podman", NULL},
    {"machine", "podman", NULL},
    {"manifest", "podman", NULL},
    {"mount", "podman", NULL},
    {"network", "podman", "quiltctl run --network"},
    {"node", "docker", NULL},
    {"pause", "podman", "systemctl freeze quilt-NAME.scope"},
    {"play", "podman", NULL},
    {"plugin", "docker", NULL},
    {"pod", "podman", NULL},
    {"port", "podman", NULL},
    {"pull", "podman", "quiltctl import"},
    {"push", "podman", NULL},
    {"restore", "podman", NULL},
    {"save", "podman", NULL},
    {"search", "podman", NULL},
    {"secret", "podman", NULL},
    {"service", "docker", NULL},
    {"stack", "docker", NULL},
    {"stats", "podman", "systemd-cgtop(1) and quiltctl status"},
    {"swarm", "docker", NULL},
    {"system", "podman", NULL},
    {"tag", "podman", "quiltctl import"},
    {"trust", "docker", NULL},
    {"umount", "podman", NULL},
    {"unmount", "podman", NULL},
    {"unpause", "podman", "systemctl thaw quilt-NAME.scope"},
    {"unshare", "podman", NULL},
    {"untag", "podman", "quiltctl remove-image"},
    {"volume", "podman", "quiltctl run --volume"},
};

/* Verbs of systemctl that do something else, or need the scope's name. */
static const struct {
  const char *word;
  const char *instead;
} of_systemctl[] = {
    {"cat", "quiltctl inspect NAME"},
    {"daemon-reload", "systemctl reload quiltd"},
    {"disable", "systemctl disable, on the service that executes quiltctl run"},
    {"edit", "quiltctl update NAME"},
    {"enable", "a service that executes quiltctl run"},
    {"freeze", "systemctl freeze quilt-NAME.scope"},
    {"is-active", "quiltctl status NAME"},
    {"is-failed", "quiltctl status NAME"},
    {"reload", "quiltctl kill --signal HUP NAME"},
    {"thaw", "systemctl thaw quilt-NAME.scope"},
};

typedef struct {
  const char *word;
  const char *best; /* best match so far */
  guint distance;
} Search;

/* Words with a larger distance are not similar. */
#define SEARCH_INIT(text)                                                                          \
  {                                                                                                \
    .word = (text), .distance = 3                                                                  \
  }

/* If half of the letters differ, the words are similar only if they begin with the same letter. */
static void
consider (Search *search, const char *candidate)
{
  guint d = quilt_text_distance (search->word, candidate);
  gsize length = strlen (search->word);

  if (d < search->distance && d < length && (2 * d < length || *candidate == *search->word)) {
    search->best = candidate;
    search->distance = d;
  }
}

const char *
quilt_suggest (const QuiltVerb *verbs, const char *word)
{
  Search search = SEARCH_INIT (word);

  for (guint i = 0; i < G_N_ELEMENTS (synonyms); i++)
    if (strcmp (synonyms[i].word, word) == 0)
      return synonyms[i].verb;
  if (strlen (word) > QUILT_DISTANCE_MAX)
    return NULL;
  for (; verbs->name; verbs++)
    consider (&search, verbs->name);
  return search.best;
}

const char *
quilt_suggest_option (const GOptionEntry *entries, const char *name)
{
  Search search = SEARCH_INIT (name);

  if (strlen (name) > QUILT_DISTANCE_MAX)
    return NULL;
  for (; entries->long_name; entries++)
    if (!(entries->flags & G_OPTION_FLAG_HIDDEN))
      consider (&search, entries->long_name);
  return search.best;
}

char *
quilt_suggest_verb (const QuiltVerb *verbs, const char *word)
{
  const char *near = quilt_suggest (verbs, word);

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (strcmp (others[i].word, word) == 0)
      return g_strdup_printf ("verb '%s' is %s's; Quilt does not have it yet%s%s", word,
                              others[i].whose, others[i].instead ? "; see " : "",
                              others[i].instead ? others[i].instead : "");
  for (guint i = 0; i < G_N_ELEMENTS (of_systemctl); i++)
    if (strcmp (of_systemctl[i].word, word) == 0)
      return g_strdup_printf ("verb '%s' is systemctl's; use %s", word, of_systemctl[i].instead);
  if (near)
    return g_strdup_printf ("unknown verb '%s'; did you mean '%s'?", word, near);
  return g_strdup_printf ("unknown verb '%s'; see quiltctl --help", word);
}
