/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of a container's options, generated from options.toml. Reading, checking and printing
 * use it. */
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
  QUILT_OPTION_ENTRIES, /* type as in its shape ↔ GVariant * */
} QuiltOptionType;

typedef struct {
  const char *key; /* NULL ends the table */
  QuiltOptionType type;
  gsize offset;  /* of the member in QuiltOptions */
  gboolean live; /* can change while the container exists */
  /* The default value, as a number or boolean, or as a string. */
  guint64 initial;
  const char *initial_text;
  /* For numbers: the range, and whether QUILT_INFINITY is allowed too. `allowed` describes them. */
  guint64 min, max;
  guint64 multiple; /* 0: any number in the range */
  gboolean infinite;
  const char *allowed;
  /* Limits for a caller's call: the length of a string, and the number of items in a list. 0: 4,096
   * bytes, and 1,024 items. */
  gsize max_bytes;
  gsize max_items;
  /* For strings: the grammar; lists are checked as a whole. NULL: any string. */
  gboolean (*check_string) (const char *text, GError **error);
  gboolean (*check_strings) (const char *key, char **strings, GError **error);
  const char *controller; /* the cgroup controller that the limit needs; NULL: none */
  /* For lists of structures: shape, and a check of the whole list. */
  const QuiltShape *shape;
  gboolean (*check_entries) (const char *key, GVariant *entries, GError **error);
} QuiltOption;

extern const QuiltOption quilt_option_table[];

const QuiltOption *quilt_option_find (const char *key);

/* The member of options for this option. */
gpointer quilt_option_member (const QuiltOption *option, const QuiltOptions *options);

/* Checks the member against its grammar and range. */
gboolean
quilt_option_check (const QuiltOption *option, const QuiltOptions *options, GError **error);

/* Checks that concern several options: their total size, and options that need each other. */
gboolean quilt_options_check_together (const QuiltOptions *options, GError **error);

/* Converts options that passed the checks to a canonical form: labels sorted, full names of
 * capabilities. */
void quilt_options_normalize (QuiltOptions *options);
