/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of one container in its supervisor. */
#pragma once

#include "runtime/payload.h"
#include "supervisor/streams/clients.h"
#include "supervisor/control.h"
#include "supervisor/streams/log.h"
#include "supervisor/oom.h"
#include "supervisor/streams/output.h"

#include <signal.h>

typedef enum {
  QUILT_SUPERVISOR_BUILDING,   /* until GO; if quiltd goes away, the start is cancelled */
  QUILT_SUPERVISOR_SETTING_UP, /* in its cgroup, until the command is executed */
  QUILT_SUPERVISOR_RUNNING,
  QUILT_SUPERVISOR_ENDED,    /* reaped; its last output is being logged */
  QUILT_SUPERVISOR_RECORDED, /* its exit is recorded; quiltd may still have to be told */
} QuiltSupervisorPhase;

typedef struct {
  const QuiltSpec *spec;
  int run_dir_fd;
  int store_fd;      /* the container's directory in the store; -1: none, or nothing to write */
  int scope_fd;      /* the scope's cgroup; -1 before GO */
  gboolean prepared; /* the scope was there before the container, and is divided */
  gboolean placed;   /* the init was cloned into the payload's cgroup of a prepared scope */
  int mounts_fd;     /* see quilt_payload_hold_mounts() */
  int signal_fd;
  /* cgroup.events of the payload, while processes remain after the init's end; -1: none */
  int left_fd;
  QuiltPayload payload;
  QuiltControl control;
  QuiltLog log;
  QuiltOom oom;
  int kernel_log; /* -1 after quilt_oom_init() took it */
  QuiltOutput outputs[QUILT_N_STREAMS];
  QuiltClients clients;
  int console; /* receives the master of the container's terminal; -1: has done so, or none */
  int slave;   /* the terminal's other end; keeps it in being while no process has it open */

  QuiltSupervisorPhase phase;
  gboolean built;      /* the init has reported READY */
  guint step;          /* the setup step that runs; 0: none */
  guint n_reports;     /* number of reports received from the init */
  guint next_step;     /* the setup step that waits until earlier output is logged, if waiting */
  gboolean waiting;    /* the init waits for our answer */
  gboolean detains;    /* when the setup steps have succeeded, the container waits for quiltd */
  gboolean executing;  /* end of file on the channel will mean that the command was executed */
  QuiltMessage result; /* EXITED or FAILED; type 0: neither yet */
  guint64 started_usec;

  guint flags; /* QuiltMessageFlags */
  int stop_signal;
  guint64 stop_timeout_usec;
  gint64 kill_usec;     /* end of the grace period (monotonic); 0: no stop was requested */
  gint64 was_held_usec; /* when the log was last held back (monotonic); 0: never */
  gboolean killed;      /* killed by this supervisor */
  gboolean terminated;  /* this supervisor was asked to end */
  gboolean released;    /* quiltd has recorded the exit */
  gboolean drained;     /* all output is logged */
  gboolean lingering;   /* only unlogged output and readers keep us running, and quiltd knows */
  gint64 reap_usec; /* when to try to reap again, if a tracer holds the ended init; 0: no need */
  gint64 keep_usec; /* when to try again to save the result in the store; 0: at once */
  gint64 patience_usec; /* when to stop waiting (monotonic); 0: not waiting yet */
} QuiltSupervisor;

/* Inputs of a supervisor. -1: none. Takes ownership of all descriptors. On failure the
 * caller must exit, which ends everything begun. */
typedef struct {
  int control_fd;
  guint32 version; /* message version of that quiltd, which may be older than this supervisor */
  int run_dir_fd;
  /* of the client that starts the container: stdin, which is the command's unless it has a
   * terminal, and its stdout and stderr */
  int input;
  int attached[QUILT_N_STREAMS];
  int kernel_log; /* see quilt_oom_open_log() */
  int budget;     /* of the journal, see proto/budget.h; -1: no limit */
  guint64 used;   /* used by the container's earlier runs, as of used_sec */
  guint64 used_sec;
  guint32 caller;    /* uid that the budget is charged to */
  gboolean prepared; /* quilt_place_prepare() has succeeded: the scope exists already */
  gboolean detains;  /* see QUILT_MESSAGE_FLAG_DETAINED */
  int store_fd;      /* -1: the result need not survive a reboot */
} QuiltSupervisorFds;
gboolean quilt_supervisor_init (QuiltSupervisor *self,
                                const QuiltSpec *spec,
                                const QuiltSupervisorFds *fds,
                                GError **error);
void quilt_supervisor_clear (QuiltSupervisor *self);

/* Runs the event loop until the supervisor may end. */
void quilt_supervisor_run (QuiltSupervisor *self);

/* lifecycle.c: reactions to events. */

void quilt_supervisor_handle_message (QuiltSupervisor *self, const QuiltMessage *message);
/* The connection to quiltd has ended. quiltd may come back. */
void quilt_supervisor_handle_lost (QuiltSupervisor *self);
/* quiltd is back: sends it the current state. */
void quilt_supervisor_tell (QuiltSupervisor *self);
void quilt_supervisor_handle_terminate (QuiltSupervisor *self);
/* Reads the reports of the init. */
void quilt_supervisor_handle_reports (QuiltSupervisor *self);
void quilt_supervisor_handle_end (QuiltSupervisor *self);
/* Some of the processes left after the init's end have ended. */
void quilt_supervisor_handle_left (QuiltSupervisor *self);
/* Does everything that has become possible or due. Returns FALSE if nothing is left to do. */
gboolean quilt_supervisor_advance (QuiltSupervisor *self, gint64 now_usec);
/* The time by which quilt_supervisor_advance() must be called again; 0: no deadline. */
gint64 quilt_supervisor_get_deadline (const QuiltSupervisor *self, gint64 now_usec);

/* steps.c: */

/* Sends a message with the container's state to quiltd. */
void quilt_supervisor_send (QuiltSupervisor *self, QuiltMessageType type);
/* Returns whether all output read so far is logged. */
gboolean quilt_supervisor_drain (QuiltSupervisor *self);
/* The init waits between two setup steps, or after the last: lets it go on, once the output of the
 * step is logged. */
void quilt_supervisor_continue_setup (QuiltSupervisor *self);
/* Lets a container go on that is held after its setup steps, and holds it no more. */
void quilt_supervisor_release (QuiltSupervisor *self);

/* attach.c: attached clients and the container's terminal. */

/* Handles a message with descriptors, and takes ownership of them. */
void quilt_supervisor_attach (QuiltSupervisor *self,
                              const QuiltMessage *message,
                              const int *fds,
                              guint n_fds);
/* Gives the container's terminal the size in the message. */
void quilt_supervisor_resize (QuiltSupervisor *self, const QuiltMessage *message);
/* Takes the terminal over that the init has made. */
void quilt_supervisor_take_terminal (QuiltSupervisor *self);

/* verdict.c: sets self->result. */

/* Kills the container, which counts as killed by this supervisor. */
void quilt_supervisor_kill_payload (QuiltSupervisor *self);

/* Records why the container will never run, and kills it. The first reason counts. */
void quilt_supervisor_fail (QuiltSupervisor *self, const GError *why, guint step);
void quilt_supervisor_fail_by_report (QuiltSupervisor *self, const QuiltReport *report);
/* The container's first process has ended. */
void quilt_supervisor_judge_end (QuiltSupervisor *self, const siginfo_t *info);
/* All output was read: adds the last output of a failed step to the reason. */
void quilt_supervisor_complete_result (QuiltSupervisor *self);
