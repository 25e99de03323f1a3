/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of a container's options, made of options.toml: what reads, checks and prints them all
 * walk it. */
#pragma once

#include "spec/options/entries.h"
#include "spec/options/options.h"

typedef enum {
  QUILT_OPTION_STRING,  /* s ↔ char * */
  QUILT_OPTION_STRINGS, /* as ↔ char ** */
  QUILT_OPTION_BYTES,   /* aay ↔ char ** */
  QUILT_OPTION_UINT64,  /* t ↔ guint64 */
  QUILT_OPTION_INT64,   /* x ↔ gint64 */
  QUILT_OPTION_INT32,   /* i ↔ gint64 */
  QUILT_OPTION_BOOLEAN, /* b ↔ gboolean */
  QUILT_OPTION_ENTRIES, /* as its shape says ↔ GVariant * */
} QuiltOptionType;

typedef struct {
  const char *key; /* NULL ends the table */
  QuiltOptionType type;
  gsize offset;  /* of the member in QuiltOptions */
  gboolean live; /* may change while the container lives */
  /* Its value unless given: of numbers and booleans, or of strings. */
  guint64 initial;
  const char *initial_text;
  /* Numbers: the range and, where QUILT_INFINITY is a value too, that. allowed says it in words. */
  guint64 min, max;
  guint64 multiple; /* 0: any number of the range */
  gboolean infinite;
  const char *allowed;
  /* Of a caller's call: how long a string may be, and how many there may be in a list. 0: 4,096
   * bytes, and 1,024. */
  gsize max_bytes;
  gsize max_items;
  /* Strings: the grammar; what is a list is checked as a whole. NULL: any. */
  gboolean (*check_string) (const char *text, GError **error);
  gboolean (*check_strings) (const char *key, char **strings, GError **error);
  const char *controller; /* of cgroups, which a limit needs; NULL: none */
  /* Lists of structures, likewise. */
  const QuiltShape *shape;
  gboolean (*check_entries) (const char *key, GVariant *entries, GError **error);
} QuiltOption;

extern const QuiltOption quilt_option_table[];

const QuiltOption *quilt_option_find (const char *key);

/* The member of options that option stands for. */
gpointer quilt_option_member (const QuiltOption *option, const QuiltOptions *options);

/* Checks the member against its grammar and range. */
gboolean
quilt_option_check (const QuiltOption *option, const QuiltOptions *options, GError **error);

/* What no single option shows: their size together, and options that need each other. */
gboolean quilt_options_check_together (const QuiltOptions *options, GError **error);

/* Makes a canonical form of what passed the checks: labels sorted, capabilities
 * by their full names. */
void quilt_options_normalize (QuiltOptions *options);
