/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One run of a container, seen from quiltd: its supervisor, its scope, its directory in /run. */
#pragma once

#include "daemon/containers/containers.h"
#include "proto/message.h"
#include "store/containers.h"

typedef struct QuiltRun QuiltRun;

typedef enum {
  QUILT_RUN_STEP,      /* message->step begins */
  QUILT_RUN_RUNNING,   /* message->pid, message->time_usec */
  QUILT_RUN_ENDED,     /* message is EXITED or FAILED; or NULL and error says why it never ran; or
                          both NULL: lost. Once, and no other than the next two follow. */
  QUILT_RUN_LINGERING, /* released, but its last output was not taken yet; it may take any time */
  QUILT_RUN_SETTLED,   /* no process and no file is left of it, at most a scope that systemd has yet
                          to collect; quilt_run_free() may and should be called */
} QuiltRunEvent;

/* Never called from within a function of this file. */
typedef void (*QuiltRunFunc) (QuiltRunEvent event,
                              const QuiltMessage *message,
                              const GError *error,
                              gpointer data);

/* What to run. */
typedef struct {
  const char *id;
  const char *place;  /* of the scope (spec/slice.h) */
  const char *config; /* config.json */
  char **etc;         /* the texts of QUILT_ETC_FILES; NULL for one that there is not */
  const QuiltOptions *options;
  const GArray *devices; /* of QuiltDevice */
  int attach_stdout;     /* -1: none */
  int attach_stderr;
  const int *joins; /* namespaces that config joins, as spec/options/sharing.h wants them */
  guint n_joins;
  int filter;                      /* of its system calls; -1: none */
  guint64 log_used, log_used_usec; /* of the journal's budget, see QUILT_MESSAGE_BEGIN */
  guint32 owner;                   /* uid */
  int store_fd; /* the container's directory in the store, for how it ended; -1: not needed */
} QuiltRunPlan;

/* Makes the directory, executes the supervisor and asks for the scope. The command runs once the
 * scope is there and quilt_run_allow() was called. */
QuiltRun *quilt_run_start (QuiltContainers *containers,
                           const QuiltRunPlan *plan,
                           QuiltRunFunc callback,
                           gpointer data,
                           GError **error);
/* Finds what is left of a run that an earlier quiltd started. NULL: nothing. The first event tells
 * what became of it, as soon as that can be known. */
QuiltRun *
quilt_run_adopt (QuiltContainers *containers, const char *id, QuiltRunFunc callback, gpointer data);
void quilt_run_free (QuiltRun *self);

void quilt_run_allow (QuiltRun *self);
/* Ends a run that was not allowed, for the reason why. */
void quilt_run_call_off (QuiltRun *self, const GError *why);

/* The stop signal, SIGKILL after timeout; a run that has not got as far as its command is ended
 * with CANCELLED. */
void quilt_run_stop (QuiltRun *self, int signal, guint64 timeout_usec);
void quilt_run_kill (QuiltRun *self, int signal);
/* What its supervisor does if systemd asks it to stop, and not quiltd. */
void quilt_run_set_stop (QuiltRun *self, int signal, guint64 timeout_usec);
/* The container's writes to its stdout and stderr fail from now on. */
void quilt_run_close_output (QuiltRun *self);
void quilt_run_rename (QuiltRun *self, const char *name);
/* Its supervisor has not read earlier messages. Refuse what a caller may repeat without end. */
gboolean quilt_run_is_clogged (const QuiltRun *self);

/* After ENDED: its supervisor may go, and all that is left is removed; the supervisor's exit record
 * stays unless recorded says that it is on disk. SETTLED follows. */
void quilt_run_release (QuiltRun *self, gboolean recorded);

/* While it lingers: its last output is given up. */
void quilt_run_give_up (QuiltRun *self);

const char *quilt_run_get_scope (const QuiltRun *self);
const char *quilt_run_get_place (const QuiltRun *self);
