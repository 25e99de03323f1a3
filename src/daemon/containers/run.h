/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One run of a container, as quiltd sees it: its supervisor, its scope, its directory in /run. */
#pragma once

#include "daemon/containers/run-begin.h"
#include "daemon/containers/run-clients.h"
#include "proto/message.h"
#include "store/containers.h"

typedef struct QuiltRun QuiltRun;

typedef enum {
  QUILT_RUN_STEP,    /* message->step begins */
  QUILT_RUN_RUNNING, /* message->pid, message->time_usec */
  /* The run has ended. Sent once; only the three events below may follow. message is EXITED or
   * FAILED. If it is NULL, error says why the command never ran. If both are NULL, it is unknown
   * how the run ended. */
  QUILT_RUN_ENDED,
  QUILT_RUN_CLOSING,   /* released, and the supervisor exits: it does not linger */
  QUILT_RUN_LINGERING, /* released, but its last output was not taken yet, which may take long */
  /* All processes and files of the run are gone. systemd may still have to collect its scope. Call
   * quilt_run_free(). */
  QUILT_RUN_SETTLED,
} QuiltRunEvent;

/* Called from the main loop, never from within a function of this header. */
typedef void (*QuiltRunFunc) (QuiltRunEvent event,
                              const QuiltMessage *message,
                              const GError *error,
                              gpointer data);

/* Makes the directory, starts the supervisor and asks systemd for the scope. The command is
 * executed once the scope exists and quilt_run_allow() was called. */
QuiltRun *quilt_run_start (QuiltContainers *containers,
                           const QuiltRunPlan *plan,
                           QuiltRunFunc callback,
                           gpointer data,
                           GError **error);
/* Adopts what is left of a run of an earlier quiltd. Returns NULL if nothing is left. The first
 * event tells its state, as soon as it is known. */
QuiltRun *
quilt_run_adopt (QuiltContainers *containers, const char *id, QuiltRunFunc callback, gpointer data);
void quilt_run_free (QuiltRun *self);

void quilt_run_allow (QuiltRun *self);
/* Ends a run that was not allowed; why is the reason. */
void quilt_run_call_off (QuiltRun *self, const GError *why);

/* Sends the stop signal, and SIGKILL after timeout_usec. A run whose command was not executed yet
 * ends with CANCELLED. */
void quilt_run_stop (QuiltRun *self, int signal, guint64 timeout_usec);
void quilt_run_kill (QuiltRun *self, int signal);
/* Sets what the supervisor does if systemd, not quiltd, asks it to stop. */
void quilt_run_set_stop (QuiltRun *self, int signal, guint64 timeout_usec);
/* CLOSE: from now on the container's writes to stdout and stderr fail. CONTINUE: it is held after
 * its setup steps, and goes on. */
void quilt_run_order (QuiltRun *self, QuiltMessageType order);
void quilt_run_rename (QuiltRun *self, const char *name);
/* Whether the supervisor has not read earlier messages. Then refuse operations that a caller may
 * repeat without end. */
gboolean quilt_run_is_clogged (const QuiltRun *self);

/* Called after ENDED: lets the supervisor end, and removes what is left of the run. The
 * supervisor's exit record stays unless recorded says that the end is on the disk. SETTLED
 * follows. */
void quilt_run_release (QuiltRun *self, gboolean recorded);

/* See quilt_run_clients_attach(). */
void quilt_run_attach (QuiltRun *self, const QuiltRunClient *client, GTask *task);
/* Sets the size of the container's terminal, if it has one. */
void quilt_run_resize (QuiltRun *self, guint32 columns, guint32 rows);

/* Gives up the last output of a run that lingers. */
void quilt_run_give_up (QuiltRun *self);

const char *quilt_run_get_scope (const QuiltRun *self);
const char *quilt_run_get_place (const QuiltRun *self);
