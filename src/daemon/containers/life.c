/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's life as a table. */
#include "daemon/containers/life.h"

#include "daemon/containers/effect-words.h"

#define NOTHING 0

/* The effects once the end of a run is on the disk. */
#define TELL                                                                                       \
  (QUILT_DO_BURY | QUILT_DO_SHOW_END | QUILT_DO_RELEASE | QUILT_DO_FINISH | QUILT_DO_ANSWER)
/* The effects if the end was already known, so that it is not announced. */
#define KNOWN_END (QUILT_DO_TAKE_STATE | QUILT_DO_KNOWN | QUILT_DO_RELEASE | QUILT_DO_FINISH)

typedef struct {
  guint from;
  QuiltLifeEvent event;
  guint to;
  QuiltEffects effects;
  QuiltState shown;
  gboolean quiet;
} Row;

#define ROW(from, event, to, effects, ...)                                                         \
  {                                                                                                \
    QUILT_PHASE_##from, QUILT_LIFE_##event, QUILT_PHASE_##to, (QuiltEffects)(effects), __VA_ARGS__ \
  }
/* A row that also shows a state. */
#define SHOW(from, event, to, state, effects)                                                      \
  ROW (from, event, to, QUILT_DO_SHOW | (effects), .shown = QUILT_STATE_##state)
/* A row that shows a state without announcing it: the state is old, but this quiltd did not know
 * it. */
#define QUIET(from, event, to, state, effects)                                                     \
  ROW (from, event, to, QUILT_DO_SHOW | (effects), .shown = QUILT_STATE_##state, .quiet = TRUE)

/* clang-format off */
static const Row run_rows[] = {
    QUIET (IDLE,        FOUND,        FOUND,       RUNNING,    NOTHING),
    ROW   (IDLE,        UNFOUND,      IDLE,                    QUILT_DO_TAKE_STATE),
    ROW   (IDLE,        MISSED,       IDLE,                    QUILT_DO_SHOW_END),
    SHOW  (IDLE,        BEGIN,        BEGUN,       SETTING_UP, QUILT_DO_MARK),
    SHOW  (IDLE,        BAR,          UNSTARTED,   SETTING_UP, QUILT_DO_RECORD),

    ROW   (BEGUN,       MARKED,       SETTING_UP,              QUILT_DO_ALLOW),
    ROW   (BEGUN,       UNMARKED,     SETTING_UP,              QUILT_DO_CALL_OFF),
    SHOW  (BEGUN,       STOP,         CUT,         STOPPING,   QUILT_DO_CANCEL),
    SHOW  (BEGUN,       KILL,         CUT,         STOPPING,   QUILT_DO_CANCEL),
    ROW   (BEGUN,       END,          OVER,                    NOTHING),

    ROW   (CUT,         MARKED,       STOPPING,                NOTHING),
    ROW   (CUT,         UNMARKED,     STOPPING,                NOTHING),
    ROW   (CUT,         STOP,         CUT,                     NOTHING),
    ROW   (CUT,         KILL,         CUT,                     NOTHING),
    ROW   (CUT,         END,          OVER,                    NOTHING),

    ROW   (OVER,        MARKED,       ENDED,                   QUILT_DO_RECORD),
    ROW   (OVER,        UNMARKED,     ENDED,                   QUILT_DO_RECORD),
    ROW   (OVER,        STOP,         OVER,                    NOTHING),
    ROW   (OVER,        KILL,         OVER,                    NOTHING),

    SHOW  (SETTING_UP,  STEP,         SETTING_UP,  SETTING_UP, NOTHING),
    SHOW  (SETTING_UP,  LAST_STEP,    STOPPING,    STOPPING,   NOTHING),
    SHOW  (SETTING_UP,  EXECUTED,     RUNNING,     RUNNING,    QUILT_DO_ANSWER),
    SHOW  (SETTING_UP,  EXECUTED_CUT, STOPPING,    STOPPING,   QUILT_DO_ANSWER),
    SHOW  (SETTING_UP,  STOP,         STOPPING,    STOPPING,   QUILT_DO_CANCEL),
    SHOW  (SETTING_UP,  KILL,         STOPPING,    STOPPING,   QUILT_DO_CANCEL),
    ROW   (SETTING_UP,  END,          ENDED,                   QUILT_DO_RECORD),

    SHOW  (RUNNING,     EXECUTED,     RUNNING,     RUNNING,    NOTHING),
    SHOW  (RUNNING,     EXECUTED_CUT, STOPPING,    STOPPING,   NOTHING),
    SHOW  (RUNNING,     STOP,         STOPPING,    STOPPING,   QUILT_DO_STOP),
    ROW   (RUNNING,     KILL,         RUNNING,                 QUILT_DO_KILL),
    ROW   (RUNNING,     END,          ENDED,                   QUILT_DO_RECORD),

    SHOW  (STOPPING,    STEP,         STOPPING,    STOPPING,   NOTHING),
    SHOW  (STOPPING,    LAST_STEP,    STOPPING,    STOPPING,   NOTHING),
    SHOW  (STOPPING,    EXECUTED,     STOPPING,    STOPPING,   QUILT_DO_ANSWER),
    SHOW  (STOPPING,    EXECUTED_CUT, STOPPING,    STOPPING,   QUILT_DO_ANSWER),
    ROW   (STOPPING,    STOP,         STOPPING,                QUILT_DO_STOP),
    ROW   (STOPPING,    KILL,         STOPPING,                QUILT_DO_KILL),
    ROW   (STOPPING,    END,          ENDED,                   QUILT_DO_RECORD),

    QUIET (FOUND,       STEP,         SETTING_UP,  SETTING_UP, QUILT_DO_KNOWN),
    QUIET (FOUND,       LAST_STEP,    STOPPING,    STOPPING,   QUILT_DO_KNOWN),
    QUIET (FOUND,       EXECUTED,     RUNNING,     RUNNING,    QUILT_DO_KNOWN),
    QUIET (FOUND,       EXECUTED_CUT, STOPPING,    STOPPING,   QUILT_DO_KNOWN),
    SHOW  (FOUND,       STOP,         FOUND_CUT,   STOPPING,   QUILT_DO_STOP),
    ROW   (FOUND,       KILL,         FOUND,                   QUILT_DO_KILL),
    ROW   (FOUND,       END,          FOUND_ENDED,             QUILT_DO_RECORD),
    ROW   (FOUND,       END_KNOWN,    SETTLING,                KNOWN_END),

    SHOW  (FOUND_CUT,   STEP,         STOPPING,    STOPPING,   QUILT_DO_KNOWN),
    SHOW  (FOUND_CUT,   LAST_STEP,    STOPPING,    STOPPING,   QUILT_DO_KNOWN),
    SHOW  (FOUND_CUT,   EXECUTED,     STOPPING,    STOPPING,   QUILT_DO_KNOWN),
    SHOW  (FOUND_CUT,   EXECUTED_CUT, STOPPING,    STOPPING,   QUILT_DO_KNOWN),
    ROW   (FOUND_CUT,   STOP,         FOUND_CUT,               QUILT_DO_STOP),
    ROW   (FOUND_CUT,   KILL,         FOUND_CUT,               QUILT_DO_KILL),
    ROW   (FOUND_CUT,   END,          FOUND_ENDED,             QUILT_DO_RECORD),
    ROW   (FOUND_CUT,   END_KNOWN,    SETTLING,                KNOWN_END),

    ROW   (UNSTARTED,   RECORDED,     IDLE,                    TELL & ~QUILT_DO_RELEASE),
    ROW   (UNSTARTED,   STOP,         UNSTARTED,               NOTHING),
    ROW   (UNSTARTED,   KILL,         UNSTARTED,               NOTHING),

    ROW   (ENDED,       RECORDED,     SETTLING,                TELL),
    ROW   (ENDED,       STOP,         ENDED,                   NOTHING),
    ROW   (ENDED,       KILL,         ENDED,                   NOTHING),

    ROW   (FOUND_ENDED, RECORDED,     SETTLING,                TELL | QUILT_DO_KNOWN),
    ROW   (FOUND_ENDED, STOP,         FOUND_ENDED,             NOTHING),
    ROW   (FOUND_ENDED, KILL,         FOUND_ENDED,             NOTHING),

    ROW   (SETTLING,    LINGER,       LINGERING,               QUILT_DO_REFUSE),
    ROW   (SETTLING,    CLOSE,        CLOSING,                 NOTHING),
    ROW   (SETTLING,    SETTLED,      IDLE,                    QUILT_DO_LEAVE | QUILT_DO_START_AGAIN),
    ROW   (CLOSING,     SETTLED,      IDLE,                    QUILT_DO_LEAVE | QUILT_DO_START_AGAIN),
    ROW   (LINGERING,   LINGER,       LINGERING,               QUILT_DO_REFUSE),
    ROW   (LINGERING,   SETTLED,      IDLE,                    QUILT_DO_LEAVE | QUILT_DO_START_AGAIN),
};

#define FILES(from, event, to, effects)                                                            \
  {                                                                                                \
    QUILT_FILES_##from, QUILT_LIFE_##event, QUILT_FILES_##to, (QuiltEffects)(effects), 0           \
  }

static const Row file_rows[] = {
    FILES (KEPT,          EDIT,      EDITED,        NOTHING),
    FILES (KEPT,          DOOM,      DOOMED,        NOTHING),
    FILES (EDITED,        EDIT_END,  KEPT,          NOTHING),
    FILES (EDITED,        DOOM,      DOOMED_EDITED, NOTHING),
    FILES (DOOMED_EDITED, EDIT_END,  DOOMED,        NOTHING),
    FILES (DOOMED_EDITED, DOOM,      DOOMED_EDITED, NOTHING),
    FILES (DOOMED,        DOOM,      DOOMED,        NOTHING),
    FILES (DELETING,      DOOM,      DELETING,      NOTHING),
    FILES (DELETING,      DELETED,   DELETED,       NOTHING),
    FILES (DELETING,      UNDELETED, KEPT,          QUILT_DO_KEEP),
    FILES (DELETED,       DOOM,      DELETED,       NOTHING),
};
/* clang-format on */

static const Row *
find_row (const Row *rows, guint n, guint from, QuiltLifeEvent event)
{
  for (guint i = 0; i < n; i++)
    if (rows[i].from == from && rows[i].event == event)
      return &rows[i];
  return NULL;
}

/* Adds effects that are due without an event. */
static void
add_due (QuiltLifeStep *step)
{
  if (step->next.files == QUILT_FILES_DOOMED && quilt_life_is_over (step->next)) {
    step->next.files = QUILT_FILES_DELETING;
    step->effects |= QUILT_DO_DELETE;
  } else if (step->next.files == QUILT_FILES_DELETED &&
             (step->next.phase == QUILT_PHASE_IDLE || step->next.phase == QUILT_PHASE_CLOSING)) {
    step->next.files = QUILT_FILES_GONE;
    step->effects |= QUILT_DO_VANISH;
  }
  if (step->next.files == QUILT_FILES_GONE && step->next.phase == QUILT_PHASE_IDLE)
    step->effects |= QUILT_DO_REMOVED;
}

gboolean
quilt_life_step (QuiltLife life, QuiltLifeEvent event, QuiltLifeStep *ret_step)
{
  gboolean of_run = event < QUILT_LIFE_EDIT;
  const Row *row = of_run ? find_row (run_rows, G_N_ELEMENTS (run_rows), life.phase, event)
                          : find_row (file_rows, G_N_ELEMENTS (file_rows), life.files, event);

  if (!row)
    return FALSE;
  *ret_step = (QuiltLifeStep){life, row->effects, row->shown, row->quiet};
  if (of_run)
    ret_step->next.phase = (QuiltPhase)row->to;
  else
    ret_step->next.files = (QuiltFiles)row->to;
  add_due (ret_step);
  return TRUE;
}

gboolean
quilt_life_is_at_rest (QuiltLife life)
{
  return life.phase == QUILT_PHASE_IDLE &&
         (life.files == QUILT_FILES_KEPT || life.files == QUILT_FILES_GONE);
}

gboolean
quilt_life_is_over (QuiltLife life)
{
  return life.phase == QUILT_PHASE_IDLE || life.phase == QUILT_PHASE_SETTLING ||
         life.phase == QUILT_PHASE_CLOSING || life.phase == QUILT_PHASE_LINGERING;
}

gboolean
quilt_life_is_doomed (QuiltLife life)
{
  return life.files >= QUILT_FILES_DOOMED_EDITED;
}

gboolean
quilt_life_is_ending (QuiltLife life)
{
  return life.phase == QUILT_PHASE_OVER || life.phase == QUILT_PHASE_UNSTARTED ||
         life.phase == QUILT_PHASE_ENDED || life.phase == QUILT_PHASE_FOUND_ENDED;
}

const char *
quilt_state_to_string (QuiltState state)
{
  static const char *const names[] = {
      [QUILT_STATE_PENDING] = "pending", [QUILT_STATE_SETTING_UP] = "setting-up",
      [QUILT_STATE_RUNNING] = "running", [QUILT_STATE_STOPPING] = "stopping",
      [QUILT_STATE_EXITED] = "exited",   [QUILT_STATE_FAILED] = "failed",
  };

  return names[state];
}

const char *
quilt_phase_to_string (QuiltPhase phase)
{
  static const char *const names[] = {
      [QUILT_PHASE_IDLE] = "idle",
      [QUILT_PHASE_BEGUN] = "begun",
      [QUILT_PHASE_CUT] = "cut",
      [QUILT_PHASE_OVER] = "over",
      [QUILT_PHASE_SETTING_UP] = "setting-up",
      [QUILT_PHASE_RUNNING] = "running",
      [QUILT_PHASE_STOPPING] = "stopping",
      [QUILT_PHASE_FOUND] = "found",
      [QUILT_PHASE_FOUND_CUT] = "found-cut",
      [QUILT_PHASE_UNSTARTED] = "unstarted",
      [QUILT_PHASE_ENDED] = "ended",
      [QUILT_PHASE_FOUND_ENDED] = "found-ended",
      [QUILT_PHASE_SETTLING] = "settling",
      [QUILT_PHASE_CLOSING] = "closing",
      [QUILT_PHASE_LINGERING] = "lingering",
  };

  return names[phase];
}

const char *
quilt_files_to_string (QuiltFiles files)
{
  static const char *const names[] = {
      [QUILT_FILES_KEPT] = "kept",
      [QUILT_FILES_EDITED] = "edited",
      [QUILT_FILES_DOOMED_EDITED] = "doomed-edited",
      [QUILT_FILES_DOOMED] = "doomed",
      [QUILT_FILES_DELETING] = "deleting",
      [QUILT_FILES_DELETED] = "deleted",
      [QUILT_FILES_GONE] = "gone",
  };

  return names[files];
}

const char *
quilt_life_event_to_string (QuiltLifeEvent event)
{
  static const char *const names[] = {
      [QUILT_LIFE_FOUND] = "found",
      [QUILT_LIFE_UNFOUND] = "unfound",
      [QUILT_LIFE_MISSED] = "missed",
      [QUILT_LIFE_BEGIN] = "begin",
      [QUILT_LIFE_BAR] = "bar",
      [QUILT_LIFE_MARKED] = "marked",
      [QUILT_LIFE_UNMARKED] = "unmarked",
      [QUILT_LIFE_STEP] = "step",
      [QUILT_LIFE_LAST_STEP] = "last-step",
      [QUILT_LIFE_EXECUTED] = "executed",
      [QUILT_LIFE_EXECUTED_CUT] = "executed-cut",
      [QUILT_LIFE_STOP] = "stop",
      [QUILT_LIFE_KILL] = "kill",
      [QUILT_LIFE_END] = "end",
      [QUILT_LIFE_END_KNOWN] = "end-known",
      [QUILT_LIFE_RECORDED] = "recorded",
      [QUILT_LIFE_LINGER] = "linger",
      [QUILT_LIFE_CLOSE] = "close",
      [QUILT_LIFE_SETTLED] = "settled",
      [QUILT_LIFE_EDIT] = "edit",
      [QUILT_LIFE_EDIT_END] = "edit-end",
      [QUILT_LIFE_DOOM] = "doom",
      [QUILT_LIFE_DELETED] = "deleted",
      [QUILT_LIFE_UNDELETED] = "undeleted",
  };

  return names[event];
}

char *
quilt_life_effects_to_string (const QuiltLifeStep *step)
{
  static const QuiltEffectWord words[] = {
      {QUILT_DO_BURY, "bury"},
      {QUILT_DO_SHOW_END, "show-end"},
      {QUILT_DO_TAKE_STATE, "take-state"},
      {QUILT_DO_KNOWN, "known"},
      {QUILT_DO_ALLOW, "allow"},
      {QUILT_DO_CALL_OFF, "call-off"},
      {QUILT_DO_CANCEL, "cancel"},
      {QUILT_DO_STOP, "stop"},
      {QUILT_DO_KILL, "kill"},
      {QUILT_DO_RELEASE, "release"},
      {QUILT_DO_FINISH, "finish"},
      {QUILT_DO_ANSWER, "answer"},
      {QUILT_DO_REFUSE, "refuse"},
      {QUILT_DO_LEAVE, "leave"},
      {QUILT_DO_DELETE, "delete"},
      {QUILT_DO_KEEP, "keep"},
      {QUILT_DO_VANISH, "vanish"},
      {QUILT_DO_REMOVED, "removed"},
      {QUILT_DO_START_AGAIN, "start-again"},
      {QUILT_DO_MARK, "mark"},
      {QUILT_DO_RECORD, "record"},
  };
  GString *list = g_string_new (NULL);

  if (step->effects & QUILT_DO_SHOW)
    g_string_append_printf (list, "show %s%s", quilt_state_to_string (step->shown),
                            step->quiet ? " quietly" : "");
  quilt_effect_words_append (list, step->effects, words, G_N_ELEMENTS (words));
  return g_string_free (list, FALSE);
}
