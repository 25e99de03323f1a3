/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of one container, as its supervisor sees it. */
#pragma once

#include "runtime/payload.h"
#include "supervisor/control.h"
#include "supervisor/log.h"
#include "supervisor/oom.h"
#include "supervisor/output.h"

#include <signal.h>

typedef enum {
  QUILT_PHASE_BUILDING,   /* until GO; without quiltd there is no use in going on */
  QUILT_PHASE_SETTING_UP, /* in its cgroup, until the command is executed */
  QUILT_PHASE_RUNNING,
  QUILT_PHASE_ENDED,    /* reaped; its last output is on the way */
  QUILT_PHASE_RECORDED, /* its exit is on record; quiltd may have to be told */
} QuiltPhase;

typedef struct {
  const QuiltSpec *spec;
  int run_dir_fd;
  int store_fd;  /* the container's directory in the store; -1: none, or nothing to write there */
  int scope_fd;  /* our cgroup; -1 before GO */
  int mounts_fd; /* see quilt_payload_hold_mounts() */
  int signal_fd;
  int left_fd; /* says when the last of those whom the init has left behind is gone; -1: none */
  QuiltPayload payload;
  QuiltControl control;
  QuiltLog log;
  QuiltOom oom;
  int kernel_log; /* until that has it */
  QuiltOutput outputs[QUILT_N_STREAMS];

  QuiltPhase phase;
  gboolean built;      /* the init has reported READY */
  guint step;          /* setup step that runs; 0: none */
  guint n_reports;     /* of the init */
  guint next_step;     /* setup step that waits for the output before it, if waiting */
  gboolean waiting;    /* the init waits for our word */
  gboolean executing;  /* end of file of the channel will mean that the command was executed */
  QuiltMessage result; /* EXITED or FAILED; type 0: neither yet */
  guint64 started_usec;

  guint flags; /* QuiltMessageFlags */
  int stop_signal;
  guint64 stop_timeout_usec;
  gint64 kill_usec;     /* when the grace period ends (monotonic); 0: nobody has asked */
  gint64 was_held_usec; /* when the log was last beyond its share (monotonic); 0: never */
  gboolean killed;      /* by us */
  gboolean terminated;  /* our own end was asked for */
  gboolean released;    /* quiltd has it on record */
  gboolean drained;     /* all output is in the log */
  gboolean lingering;   /* nothing but that and the readers keeps us, and quiltd knows */
  gint64 reap_usec;     /* the container has ended and can't be reaped before; 0: nothing like it */
  gint64 keep_usec;     /* when to try again to keep the result in the store; 0: at once */
  gint64 patience_usec; /* when to go on without what is missing (monotonic); 0: not yet */
} QuiltSupervisor;

/* Where it all begins. attached: -1 for none; all descriptors are taken over. After a failure there
 * is nothing to do but to exit, which ends what was begun. */
typedef struct {
  int control_fd;
  guint32 version; /* of the messages of the quiltd there, which may be older than we are */
  int run_dir_fd;
  int attached[QUILT_N_STREAMS];
  int kernel_log; /* see quilt_oom_open_log() */
  int budget;     /* of the journal, see proto/budget.h; -1: no limit */
  guint64 used;   /* of it, at used_sec, by the run before */
  guint64 used_sec;
  guint32 caller; /* whom it counts for */
  int store_fd;   /* -1: the result needs to be kept no longer than the host is up */
} QuiltSupervisorFds;
gboolean quilt_supervisor_init (QuiltSupervisor *self,
                                const QuiltSpec *spec,
                                const QuiltSupervisorFds *fds,
                                GError **error);
void quilt_supervisor_clear (QuiltSupervisor *self);

/* Runs until there is nothing left to do. */
void quilt_supervisor_run (QuiltSupervisor *self);

/* lifecycle.c: what happened, to what follows from it. */

void quilt_supervisor_handle_message (QuiltSupervisor *self, const QuiltMessage *message);
/* quiltd is gone; it may come back. */
void quilt_supervisor_handle_lost (QuiltSupervisor *self);
/* quiltd is back: it is told where we are. */
void quilt_supervisor_tell (QuiltSupervisor *self);
void quilt_supervisor_handle_terminate (QuiltSupervisor *self);
/* The init has something to say. */
void quilt_supervisor_handle_reports (QuiltSupervisor *self);
void quilt_supervisor_handle_end (QuiltSupervisor *self);
/* Of those that it has left behind, some are gone. */
void quilt_supervisor_handle_left (QuiltSupervisor *self);
/* Whatever has become possible or due. FALSE: nothing is left to do. */
gboolean quilt_supervisor_advance (QuiltSupervisor *self, gint64 now_usec);
/* When quilt_supervisor_advance() has to be called again at the latest; 0: no need. */
gint64 quilt_supervisor_get_deadline (const QuiltSupervisor *self, gint64 now_usec);
void quilt_supervisor_kill_payload (QuiltSupervisor *self);

/* verdict.c: how it ended, as self->result. */

/* The container will never run, for this reason: it is killed. The first reason counts. */
void quilt_supervisor_fail (QuiltSupervisor *self, const GError *why, guint step);
void quilt_supervisor_fail_by_report (QuiltSupervisor *self, const QuiltReport *report);
/* Its first process has ended. */
void quilt_supervisor_judge_end (QuiltSupervisor *self, const siginfo_t *info);
/* Its output is in: what a failed step said last is part of the reason. */
void quilt_supervisor_complete_result (QuiltSupervisor *self);
