/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's life as one table: what becomes of it at each event, and what is to be done. Pure.
 * docs/architecture.md shows it. */
#pragma once

#include <glib.h>

/* What everybody sees. */
typedef enum {
  QUILT_STATE_PENDING,
  QUILT_STATE_SETTING_UP,
  QUILT_STATE_RUNNING,
  QUILT_STATE_STOPPING,
  QUILT_STATE_EXITED,
  QUILT_STATE_FAILED,
} QuiltState;

/* How far its run is. */
typedef enum {
  QUILT_PHASE_IDLE,  /* there is none: pending, exited or failed, by the last result */
  QUILT_PHASE_BEGUN, /* it has begun, and that is on its way to the disk */
  QUILT_PHASE_CUT,   /* the same, but it was stopped */
  QUILT_PHASE_OVER,  /* the same, but it has ended already */
  QUILT_PHASE_SETTING_UP,
  QUILT_PHASE_RUNNING,
  QUILT_PHASE_STOPPING,
  QUILT_PHASE_FOUND,       /* an earlier quiltd's, whose supervisor has yet to say how it is */
  QUILT_PHASE_FOUND_CUT,   /* the same, but it was stopped */
  QUILT_PHASE_UNSTARTED,   /* it could not begin, and that is on its way to the disk */
  QUILT_PHASE_ENDED,       /* it has ended, and that is on its way to the disk */
  QUILT_PHASE_FOUND_ENDED, /* the same, of an earlier quiltd's that nobody was told of yet */
  QUILT_PHASE_SETTLING,    /* everybody was told, and something is left of it */
  QUILT_PHASE_LINGERING,   /* the same, because its last output was not taken yet */
  QUILT_PHASES,
} QuiltPhase;

/* Whether its record and its files stay. */
typedef enum {
  QUILT_FILES_KEPT,
  QUILT_FILES_EDITED,        /* a changed record is on its way to the disk */
  QUILT_FILES_DOOMED_EDITED, /* the same, and the container is to be removed after that */
  QUILT_FILES_DOOMED,        /* to be removed once its run is over; all else is refused */
  QUILT_FILES_DELETING,
  QUILT_FILES_DELETED,
  QUILT_FILES_GONE, /* the container is no object any more; somebody still holds it */
  QUILT_FILES,
} QuiltFiles;

typedef struct {
  QuiltPhase phase;
  QuiltFiles files;
} QuiltLife;

typedef enum {
  QUILT_LIFE_FOUND,        /* a run was found by a new quiltd */
  QUILT_LIFE_BEGIN,        /* a run was asked for, and has a supervisor */
  QUILT_LIFE_BAR,          /* a run was asked for, and can't begin */
  QUILT_LIFE_MARKED,       /* its beginning is on the disk */
  QUILT_LIFE_UNMARKED,     /* its beginning can't be written */
  QUILT_LIFE_STEP,         /* its supervisor begins a setup step */
  QUILT_LIFE_LAST_STEP,    /* the same, and is stopping it */
  QUILT_LIFE_EXECUTED,     /* its supervisor has executed its command */
  QUILT_LIFE_EXECUTED_CUT, /* the same, and is stopping it */
  QUILT_LIFE_STOP,         /* somebody wants it to end by its stop signal */
  QUILT_LIFE_KILL,         /* somebody wants it to end at once */
  QUILT_LIFE_END,          /* it has ended, and how is known */
  QUILT_LIFE_END_KNOWN,    /* the same, and that is on record already */
  QUILT_LIFE_RECORDED,     /* how it ended is on the disk, or need not be, or can't be now */
  QUILT_LIFE_LINGER,       /* nothing is left of it but its last output */
  QUILT_LIFE_SETTLED,      /* nothing is left of it */
  QUILT_LIFE_EDIT,         /* its record is about to be changed */
  QUILT_LIFE_EDIT_END,     /* it was changed, or could not be */
  QUILT_LIFE_DOOM,         /* it is to be removed */
  QUILT_LIFE_DELETED,      /* its files are */
  QUILT_LIFE_UNDELETED,    /* its files can't be */
  QUILT_LIFE_EVENTS,
} QuiltLifeEvent;

/* What is to be done, in this order. */
typedef enum {
  QUILT_DO_SHOW = 1 << 0,         /* a state, to everybody */
  QUILT_DO_BURY = 1 << 1,         /* remember how it ended, if nothing else will */
  QUILT_DO_SHOW_END = 1 << 2,     /* the state that the result gives, to everybody */
  QUILT_DO_TAKE_STATE = 1 << 3,   /* the same without a word: it is no news */
  QUILT_DO_KNOWN = 1 << 4,        /* recovery waits for it no longer */
  QUILT_DO_ALLOW = 1 << 5,        /* let the run execute its command */
  QUILT_DO_CALL_OFF = 1 << 6,     /* end a run whose beginning can't be written */
  QUILT_DO_CANCEL = 1 << 7,       /* end a run that has not got as far as its command */
  QUILT_DO_STOP = 1 << 8,         /* its stop signal, later SIGKILL */
  QUILT_DO_KILL = 1 << 9,         /* SIGKILL */
  QUILT_DO_RELEASE = 1 << 10,     /* its supervisor may go */
  QUILT_DO_FINISH = 1 << 11,      /* tell who waits for the end; --rm: doom it */
  QUILT_DO_ANSWER = 1 << 12,      /* tell who waits for the start how that went */
  QUILT_DO_REFUSE = 1 << 13,      /* tell who waits for more than the end that it lingers */
  QUILT_DO_LEAVE = 1 << 14,       /* forget the run */
  QUILT_DO_DELETE = 1 << 15,      /* its files */
  QUILT_DO_KEEP = 1 << 16,        /* tell who waits for its removal that it stays */
  QUILT_DO_VANISH = 1 << 17,      /* the object, and tell who waits for that */
  QUILT_DO_START_AGAIN = 1 << 18, /* for who has waited until the last run had settled */
  QUILT_DO_MARK = 1 << 19,        /* write that a run has begun; then MARKED or UNMARKED */
  QUILT_DO_RECORD = 1 << 20,      /* write how it ended; then RECORDED */
} QuiltEffects;

typedef struct {
  QuiltLife next;
  QuiltEffects effects;
  QuiltState shown; /* SHOW */
  gboolean quiet;   /* SHOW: without a word, since it is no change: this quiltd did not know */
} QuiltLifeStep;

/* FALSE: event can't happen to such a container. What is to be removed has its files deleted once
 * its run is over, and vanishes once nothing is left of either: the step says so when it is due. */
gboolean quilt_life_step (QuiltLife life, QuiltLifeEvent event, QuiltLifeStep *ret_step);

/* Nothing is going on with it: no run, and nothing on its way to the disk. */
gboolean quilt_life_is_at_rest (QuiltLife life);
/* Its run is over, or it has none. */
gboolean quilt_life_is_over (QuiltLife life);
/* It is to be removed, or was. */
gboolean quilt_life_is_doomed (QuiltLife life);
/* It has ended, and how is on its way to the disk: there is nobody to be stopped any more. */
gboolean quilt_life_is_ending (QuiltLife life);

const char *quilt_state_to_string (QuiltState state);
const char *quilt_phase_to_string (QuiltPhase phase);
const char *quilt_files_to_string (QuiltFiles files);
const char *quilt_life_event_to_string (QuiltLifeEvent event);
