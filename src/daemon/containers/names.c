/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Invents names for containers. */
#include "daemon/containers/names.h"

#define TRIES 20

static const char *const adjectives[] = {
    "amber",  "bold",   "brave",  "bright", "brisk",  "calm",    "clear",  "clever",
    "cosy",   "crisp",  "deft",   "eager",  "early",  "fair",    "fleet",  "fond",
    "fresh",  "gentle", "glad",   "golden", "grand",  "happy",   "hardy",  "honest",
    "humble", "jolly",  "keen",   "kind",   "lively", "loyal",   "lucky",  "mellow",
    "merry",  "mild",   "neat",   "nimble", "noble",  "patient", "plain",  "proud",
    "quick",  "quiet",  "rapid",  "ready",  "rosy",   "serene",  "sharp",  "shy",
    "silent", "silver", "smooth", "snug",   "solid",  "spry",    "steady", "sunny",
    "swift",  "tidy",   "tough",  "warm",   "wild",   "wise",    "witty",  "young",
};

static const char *const nouns[] = {
    "alder",   "aspen",  "badger", "beaver", "birch",   "bison",  "brook",  "cedar",
    "clover",  "comet",  "coral",  "crane",  "delta",   "dune",   "eagle",  "ember",
    "falcon",  "fern",   "finch",  "fjord",  "fox",     "garnet", "grove",  "harbor",
    "hare",    "hawk",   "hazel",  "heron",  "island",  "ivy",    "jasper", "juniper",
    "lagoon",  "lark",   "lemur",  "lily",   "lynx",    "maple",  "marten", "meadow",
    "moss",    "newt",   "oak",    "opal",   "orchid",  "otter",  "owl",    "panda",
    "pine",    "plover", "poppy",  "puffin", "quartz",  "raven",  "reef",   "robin",
    "sparrow", "spruce", "swan",   "tern",   "thistle", "tulip",  "willow", "wren",
};

char *
quilt_names_reserve (QuiltIndex *index)
{
  for (guint i = 0;; i++) {
    const char *adjective = adjectives[g_random_int_range (0, G_N_ELEMENTS (adjectives))];
    const char *noun = nouns[g_random_int_range (0, G_N_ELEMENTS (nouns))];
    g_autofree char *name = i < TRIES
                                ? g_strdup_printf ("%s_%s", adjective, noun)
                                : g_strdup_printf ("%s_%s_%u", adjective, noun, g_random_int ());

    if (quilt_index_reserve (index, name, NULL))
      return g_steal_pointer (&name);
  }
}
