/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stages of a run as a table: the next stage at each event, and what quiltd does then. Pure.
 * docs/architecture.md shows it. */
#pragma once

#include <glib.h>

/* Time limit for building the root file system on a busy host. A supervisor that takes longer
 * counts as hung. */
#define QUILT_RUN_READY_SECONDS 60

typedef enum {
  QUILT_RUN_STAGE_ASKED, /* a supervisor builds the root, and systemd was asked for the scope */
  QUILT_RUN_STAGE_FOUND, /* a run of an earlier quiltd, whose supervisor has not told its state yet
                          */
  QUILT_RUN_STAGE_AHEAD, /* the supervisor got GO before it had built the root file system */
  /* the root is built, and GO was sent: only the supervisor decides how the run ends */
  QUILT_RUN_STAGE_STARTED,
  QUILT_RUN_STAGE_CALLED_OFF, /* quiltd killed it before GO */
  QUILT_RUN_STAGE_CUT,      /* quiltd killed it after GO; or a run of an earlier quiltd before GO */
  QUILT_RUN_STAGE_ENDED,    /* the run's owner was told how it ended */
  QUILT_RUN_STAGE_RELEASED, /* the supervisor may end; quiltd waits until the scope is empty */
  QUILT_RUN_STAGE_LINGERING, /* as RELEASED, and the supervisor still has output to deliver */
  QUILT_RUN_STAGE_SETTLED,   /* nothing is left */
  QUILT_RUN_STAGES,
} QuiltRunStage;

/* The needs of a run. GO is sent once the run has its scope and its allowance. */
typedef enum {
  QUILT_NEEDS_SCOPE = 1 << 0,
  QUILT_NEEDS_ALLOWANCE = 1 << 1,
  QUILT_NEEDS_ROOT = 1 << 2, /* the root file system is not built */
  QUILT_NEEDS_ALL = (1 << 3) - 1,
} QuiltRunStageNeeds;

typedef struct {
  QuiltRunStage stage;
  guint needs; /* QuiltRunStageNeeds */
} QuiltRunState;

typedef enum {
  QUILT_RUN_ON_SCOPED,   /* systemd has made the scope */
  QUILT_RUN_ON_UNSCOPED, /* systemd can't make the scope */
  QUILT_RUN_ON_ALLOW,    /* the run's owner lets it execute its command */
  QUILT_RUN_ON_CALL_OFF, /* the run's owner ends a run that it has not allowed */
  QUILT_RUN_ON_STOP,     /* the run's owner requests a stop, by the stop signal or SIGKILL */
  QUILT_RUN_ON_SIGNAL,   /* the run's owner sends another signal */
  QUILT_RUN_ON_READY,    /* the supervisor reports: root built */
  QUILT_RUN_ON_STEP,     /* the supervisor reports: a setup step begins */
  QUILT_RUN_ON_EXECUTED, /* the supervisor reports: command executed */
  QUILT_RUN_ON_EXIT,     /* the supervisor, or its exit record, reports the end */
  QUILT_RUN_ON_LINGER,   /* the supervisor reports: output is left */
  QUILT_RUN_ON_HANG_UP,  /* the supervisor closed the connection, and may still run */
  QUILT_RUN_ON_CLOSED,   /* the supervisor is gone */
  QUILT_RUN_ON_LOST,     /* as CLOSED, and there is no exit record */
  QUILT_RUN_ON_TIMEOUT,  /* the supervisor has not reacted in time */
  QUILT_RUN_ON_RELEASE,  /* the run's owner lets the supervisor end */
  QUILT_RUN_ON_GIVE_UP,  /* the run's owner gives up the last output */
  QUILT_RUN_ON_LEFT,     /* no process is left in the scope */
  QUILT_RUN_STAGE_EVENTS,
} QuiltRunStageEvent;

/* The effects, in the order in which quiltd carries them out. */
typedef enum {
  QUILT_RUN_DO_CALM = 1 << 0,      /* stop the timer */
  QUILT_RUN_DO_BUILT = 1 << 1,     /* stop the timer if it waits for the root file system */
  QUILT_RUN_DO_DESTROY = 1 << 2,   /* kill the supervisor and all processes in the scope */
  QUILT_RUN_DO_GO = 1 << 3,        /* send GO */
  QUILT_RUN_DO_ASK = 1 << 4,       /* thaw the scope, and send the signal to the supervisor */
  QUILT_RUN_DO_BYE = 1 << 5,       /* send BYE */
  QUILT_RUN_DO_WAIT = 1 << 6,      /* start the timer */
  QUILT_RUN_DO_SETTLE = 1 << 7,    /* wait until no process is left in the scope; LEFT follows */
  QUILT_RUN_DO_LOOK = 1 << 8,      /* connect to the supervisor again */
  QUILT_RUN_DO_CLEAR = 1 << 9,     /* remove the directory in /run */
  QUILT_RUN_DO_TELL = 1 << 10,     /* tell the run's owner what the supervisor reported */
  QUILT_RUN_DO_END = 1 << 11,      /* tell the run's owner how the run ended */
  QUILT_RUN_DO_READ_EXIT = 1 << 12 /* read the exit record; EXIT or LOST follows */
} QuiltRunEffects;

/* The reason why quiltd ends a run before its command is executed. */
typedef enum {
  QUILT_RUN_VERDICT_NONE,
  QUILT_RUN_VERDICT_GIVEN,   /* the error that came with the event */
  QUILT_RUN_VERDICT_SLOW,    /* the supervisor did not get ready */
  QUILT_RUN_VERDICT_ORPHAN,  /* the quiltd that began it ended before GO */
  QUILT_RUN_VERDICT_STOPPED, /* the run's owner requested it */
  QUILT_RUN_VERDICT_BROKEN,  /* the supervisor was killed, or failed */
  QUILT_RUN_VERDICTS,
} QuiltRunVerdict;

typedef struct {
  QuiltRunState next;
  QuiltRunEffects effects;
  QuiltRunVerdict verdict;
} QuiltRunStageStep;

/* Computes the next stage. Returns FALSE if the event can't happen in that stage. */
gboolean
quilt_run_stage_step (QuiltRunState state, QuiltRunStageEvent event, QuiltRunStageStep *ret_step);

/* Whether the supervisor is, or may have been, in the scope. Then an empty scope means that the run
 * is over. */
gboolean quilt_run_stage_is_ahead (QuiltRunState state);

/* The error for the run's owner and for the caller. Not for GIVEN, which has its own error. */
GError *quilt_verdict_new (QuiltRunVerdict reason);

const char *quilt_run_stage_to_string (QuiltRunStage stage);
const char *quilt_run_stage_event_to_string (QuiltRunStageEvent event);

/* Returns the verdict and the effects of a step as words in the order of QuiltRunEffects, such as
 * "verdict broken, calm, destroy, end". Owned by the caller. */
char *quilt_run_stage_effects_to_string (const QuiltRunStageStep *step);
