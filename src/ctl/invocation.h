/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One invocation of quiltctl: its verb, the options that verbs share, and its connection. */
#pragma once

#include "dbus/client.h"

/* Failures of Quilt itself; of run and create 125, so that a container's own codes stay apart. */
#define QUILT_EXIT_FAILURE 1
#define QUILT_EXIT_RUN_FAILURE 125
#define QUILT_EXIT_NOT_EXECUTABLE 126
#define QUILT_EXIT_NOT_FOUND 127
#define QUILT_EXIT_SIGNAL 128
/* Of status, as systemctl's. */
#define QUILT_EXIT_NOT_RUNNING 3
#define QUILT_EXIT_NO_SUCH 4

#define QUILT_ARGS_ANY G_MAXUINT

typedef struct QuiltCtl QuiltCtl;

/* Which of the shared options a verb has. */
typedef enum {
  QUILT_VERB_BUS = 1 << 0,    /* --no-ask-password */
  QUILT_VERB_JSON = 1 << 1,   /* --json */
  QUILT_VERB_TABLE = 1 << 2,  /* --no-legend */
  QUILT_VERB_PAGER = 1 << 3,  /* --no-pager */
  QUILT_VERB_STRICT = 1 << 4, /* what follows the first argument belongs to the container */
} QuiltVerbFlags;

typedef struct {
  const char *name;
  const char *alias; /* may be NULL */
  guint min_args, max_args;
  guint flags; /* QuiltVerbFlags */
  const char *args;
  const char *summary;
  int (*run) (QuiltCtl *ctl, char **argv); /* argv[0] is the verb; the exit code */
} QuiltVerb;

typedef enum {
  QUILT_JSON_OFF,
  QUILT_JSON_SHORT,
  QUILT_JSON_PRETTY,
} QuiltJsonMode;

struct QuiltCtl {
  const QuiltVerb *verbs; /* the table, ended by a NULL name */
  const QuiltVerb *verb;
  QuiltJsonMode json;
  gboolean no_legend;
  gboolean no_pager;
  gboolean quiet;  /* shows no progress */
  gboolean no_cut; /* tables may be wider than the terminal */
  gboolean no_ask_password;
  GPtrArray *words;      /* of the command line, as parsed last */
  int parse_code;        /* exit code after quilt_ctl_parse() returned NULL */
  QuiltDbus *connection; /* NULL: not connected yet */
  GPid agent;            /* pkttyagent, or 0 */
  GPid pager;            /* or 0 */
};
