/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's options on quiltctl's command line. */
#pragma once

#include "spec/options/table.h"

/* The kinds of options, by the grammar of their text. */
typedef enum {
  QUILT_ARGUMENT_FLAG,  /* no text */
  QUILT_ARGUMENT_TEXT,  /* the value itself */
  QUILT_ARGUMENT_TEXTS, /* repeatable: a list of values */
  QUILT_ARGUMENT_NAMES, /* repeatable: names, separated by commas */
  QUILT_ARGUMENT_LIST,  /* repeatable; an empty text adds no value, so alone it empties the list */
  QUILT_ARGUMENT_ENTRIES,    /* repeatable: structures; see the option's shape */
  QUILT_ARGUMENT_BYTES,      /* "64M" */
  QUILT_ARGUMENT_BYTE_LIMIT, /* "64M", "infinity" or "-1" */
  QUILT_ARGUMENT_COUNT,      /* a whole number from 1, "infinity" or "-1" */
  QUILT_ARGUMENT_CPUS,       /* "1.5", "150%" or "infinity" */
  QUILT_ARGUMENT_WEIGHT,     /* "1" to "10000" */
  QUILT_ARGUMENT_CPU_SHARES, /* docker's weights, converted */
  QUILT_ARGUMENT_BLKIO_WEIGHT,
  QUILT_ARGUMENT_DURATION, /* "10", "500ms", "infinity" */
  QUILT_ARGUMENT_RUNTIME,  /* as a duration; "0" means no limit */
  QUILT_ARGUMENT_DECIMAL,
  QUILT_ARGUMENT_OCTAL,
  QUILT_ARGUMENT_SIGNAL,
  /* Options that quiltctl reads in its own ways, since they depend on other options, on files or on
   * the caller's environment. */
  QUILT_ARGUMENT_ENV,
  QUILT_ARGUMENT_ENV_FILE,
  QUILT_ARGUMENT_LABEL,
  QUILT_ARGUMENT_LABEL_FILE,
  QUILT_ARGUMENT_ENTRYPOINT,
  QUILT_ARGUMENT_LOG_RATE,
  QUILT_ARGUMENT_VOLUME,
  QUILT_ARGUMENT_MOUNT,
  QUILT_ARGUMENT_SECURITY,
  QUILT_ARGUMENT_SECCOMP,
  QUILT_ARGUMENT_OWN_FLAG, /* not sent to quiltd */
  QUILT_ARGUMENT_OWN_FILE,
  QUILT_N_ARGUMENT_KINDS,
} QuiltArgumentKind;

typedef struct {
  const char *name; /* "--NAME"; NULL ends the table */
  char letter;      /* or 0 */
  QuiltArgumentKind kind;
  const char *metavar, *help;
  const QuiltOption *option; /* the option to set; NULL: only quiltctl uses the value */
  const char *also;          /* a second key to set, or NULL */
} QuiltArgument;

extern const QuiltArgument quilt_arguments[];
