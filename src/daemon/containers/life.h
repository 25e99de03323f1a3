/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's life as a table: the next state and the effects of each event. Pure.
 * docs/architecture.md shows it. */
#pragma once

#include <glib.h>

/* The public state. */
typedef enum {
  QUILT_STATE_PENDING,
  QUILT_STATE_SETTING_UP,
  QUILT_STATE_RUNNING,
  QUILT_STATE_STOPPING,
  QUILT_STATE_EXITED,
  QUILT_STATE_FAILED,
} QuiltState;

/* The phase of its run. */
typedef enum {
  QUILT_PHASE_IDLE,  /* no run; the last result decides between pending, exited and failed */
  QUILT_PHASE_BEGUN, /* the run has begun, and its mark is being written */
  QUILT_PHASE_CUT,   /* as BEGUN, but it was stopped */
  QUILT_PHASE_OVER,  /* as BEGUN, but it has already ended */
  QUILT_PHASE_SETTING_UP,
  QUILT_PHASE_RUNNING,
  QUILT_PHASE_STOPPING,
  QUILT_PHASE_FOUND, /* a run of an earlier quiltd, whose supervisor has not told its state yet */
  QUILT_PHASE_FOUND_CUT,   /* as FOUND, but it was stopped */
  QUILT_PHASE_UNSTARTED,   /* the run could not begin, and that is being written */
  QUILT_PHASE_ENDED,       /* the run has ended, and that is being written */
  QUILT_PHASE_FOUND_ENDED, /* as ENDED, for a run of an earlier quiltd that was not announced yet */
  QUILT_PHASE_SETTLING,    /* the end was announced, and something of the run is left */
  QUILT_PHASE_CLOSING,     /* as SETTLING, and its supervisor exits: no output is left */
  QUILT_PHASE_LINGERING,   /* as SETTLING, since its last output was not taken yet */
  QUILT_PHASES,
} QuiltPhase;

/* The phase of its files. */
typedef enum {
  QUILT_FILES_KEPT,
  QUILT_FILES_EDITED,        /* a changed record is being written */
  QUILT_FILES_DOOMED_EDITED, /* as EDITED, and the container will then be removed */
  QUILT_FILES_DOOMED,        /* to be removed once its run is over; other operations are refused */
  QUILT_FILES_DELETING,
  QUILT_FILES_DELETED,
  QUILT_FILES_GONE, /* the object is gone, but still referenced */
  QUILT_FILES,
} QuiltFiles;

typedef struct {
  QuiltPhase phase;
  QuiltFiles files;
} QuiltLife;

typedef enum {
  QUILT_LIFE_FOUND,        /* a new quiltd has found a run */
  QUILT_LIFE_UNFOUND,      /* a new quiltd has found no run */
  QUILT_LIFE_MISSED,       /* as UNFOUND, and the end of the last run is now on record */
  QUILT_LIFE_BEGIN,        /* a run was requested, and has a supervisor */
  QUILT_LIFE_BAR,          /* a run was requested, and can't begin */
  QUILT_LIFE_MARKED,       /* the mark of its beginning is on the disk */
  QUILT_LIFE_UNMARKED,     /* the mark of its beginning can't be written */
  QUILT_LIFE_STEP,         /* the supervisor begins a setup step */
  QUILT_LIFE_LAST_STEP,    /* as STEP, and the supervisor is stopping it */
  QUILT_LIFE_EXECUTED,     /* the supervisor has executed the command */
  QUILT_LIFE_EXECUTED_CUT, /* as EXECUTED, and the supervisor is stopping it */
  QUILT_LIFE_STOP,         /* a stop was requested, by the stop signal */
  QUILT_LIFE_KILL,         /* a kill was requested */
  QUILT_LIFE_END,          /* the run has ended, with a known result */
  QUILT_LIFE_END_KNOWN,    /* as END, and the result is on record already */
  QUILT_LIFE_RECORDED,     /* the result is on the disk, or need not be, or can't be written now */
  QUILT_LIFE_LINGER,       /* nothing of the run is left but its last output */
  QUILT_LIFE_CLOSE,        /* the supervisor has nothing left to do, and exits */
  QUILT_LIFE_SETTLED,      /* nothing of the run is left */
  QUILT_LIFE_EDIT,         /* a change of its record begins */
  QUILT_LIFE_EDIT_END,     /* the change of its record has ended, or failed */
  QUILT_LIFE_DOOM,         /* its removal was requested */
  QUILT_LIFE_DELETED,      /* its files are deleted */
  QUILT_LIFE_UNDELETED,    /* its files can't be deleted */
  QUILT_LIFE_EVENTS,
} QuiltLifeEvent;

/* The effects, in the order in which they are carried out. */
typedef enum {
  QUILT_DO_SHOW = 1 << 0,         /* announce a state */
  QUILT_DO_BURY = 1 << 1,         /* remember its end, if the record is removed with it */
  QUILT_DO_SHOW_END = 1 << 2,     /* announce the state that the result gives */
  QUILT_DO_TAKE_STATE = 1 << 3,   /* set that state without announcing it, since it is not new */
  QUILT_DO_KNOWN = 1 << 4,        /* recovery need not wait for it any longer */
  QUILT_DO_ALLOW = 1 << 5,        /* let the run execute its command */
  QUILT_DO_CALL_OFF = 1 << 6,     /* end a run whose mark can't be written */
  QUILT_DO_CANCEL = 1 << 7,       /* end a run before its command is executed */
  QUILT_DO_STOP = 1 << 8,         /* send its stop signal, and later SIGKILL */
  QUILT_DO_KILL = 1 << 9,         /* send SIGKILL */
  QUILT_DO_RELEASE = 1 << 10,     /* let its supervisor end */
  QUILT_DO_FINISH = 1 << 11,      /* answer callers that wait for the end; --rm: doom it */
  QUILT_DO_ANSWER = 1 << 12,      /* answer callers that wait for the start */
  QUILT_DO_REFUSE = 1 << 13,      /* answer callers that wait for more than the end: it lingers */
  QUILT_DO_LEAVE = 1 << 14,       /* forget the run */
  QUILT_DO_DELETE = 1 << 15,      /* delete its files */
  QUILT_DO_KEEP = 1 << 16,        /* answer callers that wait for its removal: it stays */
  QUILT_DO_VANISH = 1 << 17,      /* remove the object, and answer callers that wait for the end */
  QUILT_DO_REMOVED = 1 << 18,     /* answer callers that wait for the removal, or the scope */
  QUILT_DO_START_AGAIN = 1 << 19, /* begin starts that have waited until the last run had settled */
  QUILT_DO_MARK = 1 << 20,        /* write the mark of a run; MARKED or UNMARKED follows */
  QUILT_DO_RECORD = 1 << 21,      /* write the end of a run; RECORDED follows */
} QuiltEffects;

typedef struct {
  QuiltLife next;
  QuiltEffects effects;
  QuiltState shown; /* the state for SHOW */
  /* SHOW: do not announce it, since the state is old and this quiltd did not know it */
  gboolean quiet;
} QuiltLifeStep;

/* Computes the next state. Returns FALSE if event can't happen to such a container. A doomed
 * container's files are deleted once its run is over, and the object vanishes once nothing of
 * either is left: the step includes these effects when they are due. */
gboolean quilt_life_step (QuiltLife life, QuiltLifeEvent event, QuiltLifeStep *ret_step);

/* Whether the container is at rest: it has no run, and nothing of it is being written. */
gboolean quilt_life_is_at_rest (QuiltLife life);
/* Whether its run is over, or it has none. */
gboolean quilt_life_is_over (QuiltLife life);
/* Whether it is to be removed, or was removed. */
gboolean quilt_life_is_doomed (QuiltLife life);
/* Whether its run has ended and the end is being written, so that there is nothing to stop any
 * more. */
gboolean quilt_life_is_ending (QuiltLife life);

const char *quilt_state_to_string (QuiltState state);
const char *quilt_phase_to_string (QuiltPhase phase);
const char *quilt_files_to_string (QuiltFiles files);
const char *quilt_life_event_to_string (QuiltLifeEvent event);

/* Returns the effects of a step as words in the order of QuiltEffects, such as "show running
 * quietly, known". Owned by the caller. */
char *quilt_life_effects_to_string (const QuiltLifeStep *step);
