/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One invocation of quiltctl: its verb, the options that verbs share, and its connection. */
#pragma once

#include "dbus/client.h"

/* Exit codes for failures of Quilt itself. run and create use 125, to differ from the codes of
 * containers. */
#define QUILT_EXIT_FAILURE 1
#define QUILT_EXIT_RUN_FAILURE 125
#define QUILT_EXIT_NOT_EXECUTABLE 126
#define QUILT_EXIT_NOT_FOUND 127
#define QUILT_EXIT_SIGNAL 128
/* Exit codes of status, like systemctl's. */
#define QUILT_EXIT_NOT_RUNNING 3
#define QUILT_EXIT_NO_SUCH 4

#define QUILT_ARGS_ANY G_MAXUINT

typedef struct QuiltCtl QuiltCtl;

/* The shared options that a verb has. */
typedef enum {
  QUILT_VERB_BUS = 1 << 0,    /* --no-ask-password */
  QUILT_VERB_JSON = 1 << 1,   /* --json */
  QUILT_VERB_TABLE = 1 << 2,  /* --no-legend */
  QUILT_VERB_PAGER = 1 << 3,  /* --no-pager */
  QUILT_VERB_STRICT = 1 << 4, /* words after the first argument belong to the container */
} QuiltVerbFlags;

typedef struct {
  const char *name;
  const char *alias; /* may be NULL */
  guint min_args, max_args;
  guint flags; /* QuiltVerbFlags */
  const char *args;
  const char *summary;
  int (*run) (QuiltCtl *ctl, char **argv); /* argv[0] is the verb; returns the exit code */
} QuiltVerb;

typedef enum {
  QUILT_JSON_OFF,
  QUILT_JSON_SHORT,
  QUILT_JSON_PRETTY,
} QuiltJsonMode;

struct QuiltCtl {
  const QuiltVerb *verbs; /* the table, which ends with a NULL name */
  const QuiltVerb *verb;
  QuiltJsonMode json;
  gboolean no_legend;
  gboolean no_pager;
  gboolean quiet;  /* print no progress */
  gboolean no_cut; /* tables may be wider than the terminal */
  gboolean no_ask_password;
  GPtrArray *words;      /* the words of the command line parsed last */
  int parse_code;        /* exit code after quilt_ctl_parse() returned NULL */
  QuiltDbus *connection; /* NULL: not connected yet */
  GPid agent;            /* pid of pkttyagent, or 0 */
  GPid pager;            /* pid of the pager, or 0 */
};
