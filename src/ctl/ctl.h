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

/* Reads the options of ctl->verb out of argv: entries (NULL: none of its own) and those it shares.
 * The arguments are left as bytes. Returns the rest of argv without the verb, NULL-terminated,
 * within ctl->words; NULL when there is nothing more to do: help was printed, or a mistake was
 * reported. */
char **quilt_ctl_parse (QuiltCtl *ctl, char **argv, const GOptionEntry *entries);

/* What is wrong with the command line or with a container: "quiltctl: …", one line on stderr, made
 * printable. Each returns the exit code that ctl->verb has for a failure. */
int quilt_ctl_fail (QuiltCtl *ctl, const GError *error);
int quilt_ctl_usage (QuiltCtl *ctl, const char *format, ...) G_GNUC_PRINTF (2, 3);
void quilt_ctl_warn (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* Flushes stdout, waits for the pager, ends the agent, and turns a failed write into a failure. */
int quilt_ctl_finish (QuiltCtl *ctl, int code);

/* Whether colours and progress are wanted there. */
gboolean quilt_ctl_is_fancy (int fd);

int verb_create (QuiltCtl *ctl, char **argv);
int verb_doctor (QuiltCtl *ctl, char **argv);
int verb_help (QuiltCtl *ctl, char **argv);
int verb_images (QuiltCtl *ctl, char **argv);
int verb_import (QuiltCtl *ctl, char **argv);
int verb_info (QuiltCtl *ctl, char **argv);
int verb_inspect (QuiltCtl *ctl, char **argv);
int verb_inspect_image (QuiltCtl *ctl, char **argv);
int verb_kill (QuiltCtl *ctl, char **argv);
int verb_list (QuiltCtl *ctl, char **argv);
int verb_logs (QuiltCtl *ctl, char **argv);
int verb_remove (QuiltCtl *ctl, char **argv);
int verb_remove_image (QuiltCtl *ctl, char **argv);
int verb_rename (QuiltCtl *ctl, char **argv);
int verb_restart (QuiltCtl *ctl, char **argv);
int verb_run (QuiltCtl *ctl, char **argv);
int verb_show (QuiltCtl *ctl, char **argv);
int verb_start (QuiltCtl *ctl, char **argv);
int verb_status (QuiltCtl *ctl, char **argv);
int verb_stop (QuiltCtl *ctl, char **argv);
int verb_update (QuiltCtl *ctl, char **argv);
int verb_version (QuiltCtl *ctl, char **argv);
int verb_wait (QuiltCtl *ctl, char **argv);
