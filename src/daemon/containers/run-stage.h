/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far one run of a container is, as one table: the next stage at each event, and what quiltd
 * does then. Pure. docs/architecture.md shows it. */
#pragma once

#include <glib.h>

/* A supervisor that needs longer to build the root file system, on a host that may have a lot to
 * do, is taken for hung. */
#define QUILT_RUN_READY_SECONDS 60

typedef enum {
  QUILT_STAGE_ASKED,      /* a supervisor builds, and systemd was asked for the scope */
  QUILT_STAGE_FOUND,      /* an earlier quiltd's run, whose supervisor has yet to tell its state */
  QUILT_STAGE_AHEAD,      /* the supervisor got GO before it had built the root file system */
  QUILT_STAGE_STARTED,    /* built, and GO was sent: only the supervisor knows how the run ends */
  QUILT_STAGE_CALLED_OFF, /* quiltd killed it before GO */
  QUILT_STAGE_CUT,        /* quiltd killed it after GO; or an earlier quiltd's run, before GO */
  QUILT_STAGE_ENDED,      /* the owner of the run was told how it ended */
  QUILT_STAGE_RELEASED,   /* the supervisor may go; quiltd waits until the scope is empty */
  QUILT_STAGE_LINGERING,  /* the same, and the supervisor still has output to hand over */
  QUILT_STAGE_SETTLED,    /* nothing is left */
  QUILT_STAGES,
} QuiltStage;

/* What a run still needs. GO is sent once it has both its scope and its allowance. */
typedef enum {
  QUILT_NEEDS_SCOPE = 1 << 0,
  QUILT_NEEDS_ALLOWANCE = 1 << 1,
  QUILT_NEEDS_ROOT = 1 << 2, /* the root file system is not built */
  QUILT_NEEDS_ALL = (1 << 3) - 1,
} QuiltStageNeeds;

typedef struct {
  QuiltStage stage;
  guint needs; /* QuiltStageNeeds */
} QuiltRunState;

typedef enum {
  QUILT_STAGE_ON_SCOPED,   /* systemd has made the scope */
  QUILT_STAGE_ON_UNSCOPED, /* systemd can't make the scope */
  QUILT_STAGE_ON_ALLOW,    /* the owner of the run lets it execute its command */
  QUILT_STAGE_ON_CALL_OFF, /* the owner ends a run that it has not allowed */
  QUILT_STAGE_ON_STOP,     /* the owner wants an end, by the stop signal or SIGKILL */
  QUILT_STAGE_ON_SIGNAL,   /* the owner sends another signal */
  QUILT_STAGE_ON_READY,    /* the supervisor says: built */
  QUILT_STAGE_ON_STEP,     /* the supervisor says: a setup step begins */
  QUILT_STAGE_ON_EXECUTED, /* the supervisor says: the command was executed */
  QUILT_STAGE_ON_EXIT,     /* the supervisor, or its exit record, says how the run ended */
  QUILT_STAGE_ON_LINGER,   /* the supervisor says: output is left */
  QUILT_STAGE_ON_HANG_UP,  /* the supervisor closed the connection, and may live */
  QUILT_STAGE_ON_CLOSED,   /* the supervisor is gone */
  QUILT_STAGE_ON_LOST,     /* the same, and it left no exit record */
  QUILT_STAGE_ON_TIMEOUT,  /* the supervisor has not reacted in time */
  QUILT_STAGE_ON_RELEASE,  /* the owner lets the supervisor go */
  QUILT_STAGE_ON_GIVE_UP,  /* the owner gives the last output up */
  QUILT_STAGE_ON_LEFT,     /* no process is left in the scope */
  QUILT_STAGE_EVENTS,
} QuiltStageEvent;

/* What quiltd does, in this order. */
typedef enum {
  QUILT_RUN_DO_CALM = 1 << 0,      /* stop the timer */
  QUILT_RUN_DO_BUILT = 1 << 1,     /* stop the timer if it waits for the root file system */
  QUILT_RUN_DO_DESTROY = 1 << 2,   /* kill the supervisor and all in the scope */
  QUILT_RUN_DO_GO = 1 << 3,        /* send GO */
  QUILT_RUN_DO_ASK = 1 << 4,       /* thaw the scope, and send the signal to the supervisor */
  QUILT_RUN_DO_BYE = 1 << 5,       /* send BYE */
  QUILT_RUN_DO_WAIT = 1 << 6,      /* start the timer */
  QUILT_RUN_DO_SETTLE = 1 << 7,    /* wait until no process is left in the scope, then LEFT */
  QUILT_RUN_DO_LOOK = 1 << 8,      /* connect to the supervisor again */
  QUILT_RUN_DO_CLEAR = 1 << 9,     /* remove the directory in /run */
  QUILT_RUN_DO_TELL = 1 << 10,     /* tell the owner what the supervisor said */
  QUILT_RUN_DO_END = 1 << 11,      /* tell the owner how the run ended */
  QUILT_RUN_DO_READ_EXIT = 1 << 12 /* read the exit record, then EXIT or LOST */
} QuiltRunEffects;

/* Why quiltd ends a run before its command was executed. */
typedef enum {
  QUILT_VERDICT_NONE,
  QUILT_VERDICT_GIVEN,   /* the error that came with the event */
  QUILT_VERDICT_SLOW,    /* the supervisor did not get ready */
  QUILT_VERDICT_ORPHAN,  /* the quiltd that began it went away before GO */
  QUILT_VERDICT_STOPPED, /* the owner of the run wanted that */
  QUILT_VERDICT_BROKEN,  /* the supervisor was killed, or failed */
  QUILT_VERDICTS,
} QuiltVerdictReason;

typedef struct {
  QuiltRunState next;
  QuiltRunEffects effects;
  QuiltVerdictReason verdict;
} QuiltStageStep;

/* FALSE: the event can't happen in that stage. */
gboolean quilt_stage_step (QuiltRunState state, QuiltStageEvent event, QuiltStageStep *ret_step);

/* The supervisor was, or may have been, in the scope: if the scope is empty, the run is over. */
gboolean quilt_stage_is_ahead (QuiltRunState state);

/* For the owner of the run, and for the caller. Not for GIVEN, which has its error. */
GError *quilt_verdict_new (QuiltVerdictReason reason);

const char *quilt_stage_to_string (QuiltStage stage);
const char *quilt_stage_event_to_string (QuiltStageEvent event);
