/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stages of a run as a table. */
#include "daemon/containers/run-stage.h"

#include "base/error.h"
#include "daemon/containers/effect-words.h"

#define NOTHING 0
#define BEFORE_GO (QUILT_NEEDS_SCOPE | QUILT_NEEDS_ALLOWANCE)

#define CALM QUILT_RUN_DO_CALM
#define BUILT QUILT_RUN_DO_BUILT
#define DESTROY QUILT_RUN_DO_DESTROY
#define ASK QUILT_RUN_DO_ASK
#define ASK_AND_WAIT (QUILT_RUN_DO_ASK | QUILT_RUN_DO_WAIT)
#define LOOK QUILT_RUN_DO_LOOK
#define TELL QUILT_RUN_DO_TELL
#define END QUILT_RUN_DO_END
#define READ_EXIT QUILT_RUN_DO_READ_EXIT

typedef struct {
  QuiltRunStage from;
  QuiltRunStageEvent event;
  QuiltRunStage to;
  QuiltRunEffects effects;
  QuiltRunVerdict verdict;
} Row;

#define ROW(from, event, to, effects)                                                              \
  {                                                                                                \
    QUILT_RUN_STAGE_##from, QUILT_RUN_ON_##event, QUILT_RUN_STAGE_##to,                            \
        (QuiltRunEffects)(effects), QUILT_RUN_VERDICT_NONE                                         \
  }
/* A row in which quiltd ends the run for a reason. */
#define JUDGE(from, event, to, effects, reason)                                                    \
  {                                                                                                \
    QUILT_RUN_STAGE_##from, QUILT_RUN_ON_##event, QUILT_RUN_STAGE_##to,                            \
        (QuiltRunEffects)(effects), QUILT_RUN_VERDICT_##reason                                     \
  }

/* clang-format off */
static const Row rows[] = {
    ROW   (ASKED,      SCOPED,   ASKED,      NOTHING),
    JUDGE (ASKED,      UNSCOPED, CALLED_OFF, DESTROY,        GIVEN),
    ROW   (ASKED,      ALLOW,    ASKED,      NOTHING),
    JUDGE (ASKED,      CALL_OFF, CALLED_OFF, DESTROY,        GIVEN),
    JUDGE (ASKED,      STOP,     CALLED_OFF, DESTROY,        STOPPED),
    JUDGE (ASKED,      SIGNAL,   CALLED_OFF, DESTROY,        STOPPED),
    ROW   (ASKED,      READY,    ASKED,      BUILT),
    ROW   (ASKED,      EXIT,     ENDED,      CALM | END),
    ROW   (ASKED,      HANG_UP,  ASKED,      NOTHING),
    ROW   (ASKED,      CLOSED,   ASKED,      READ_EXIT),
    JUDGE (ASKED,      LOST,     ENDED,      CALM | DESTROY | END, BROKEN),
    JUDGE (ASKED,      TIMEOUT,  CALLED_OFF, DESTROY,        SLOW),

    ROW   (FOUND,      STOP,     FOUND,      ASK_AND_WAIT),
    ROW   (FOUND,      SIGNAL,   FOUND,      ASK),
    JUDGE (FOUND,      READY,    CUT,        CALM | DESTROY, ORPHAN),
    ROW   (FOUND,      STEP,     STARTED,    TELL),
    ROW   (FOUND,      EXECUTED, STARTED,    TELL),
    ROW   (FOUND,      EXIT,     ENDED,      CALM | END),
    ROW   (FOUND,      HANG_UP,  FOUND,      LOOK),
    ROW   (FOUND,      CLOSED,   FOUND,      READ_EXIT),
    ROW   (FOUND,      LOST,     ENDED,      CALM | DESTROY | END),
    ROW   (FOUND,      TIMEOUT,  FOUND,      DESTROY),

    ROW   (AHEAD,      STOP,     AHEAD,      ASK_AND_WAIT),
    ROW   (AHEAD,      SIGNAL,   AHEAD,      ASK),
    ROW   (AHEAD,      READY,    STARTED,    BUILT),
    ROW   (AHEAD,      STEP,     STARTED,    BUILT | TELL),
    ROW   (AHEAD,      EXECUTED, STARTED,    BUILT | TELL),
    ROW   (AHEAD,      EXIT,     ENDED,      CALM | END),
    ROW   (AHEAD,      HANG_UP,  AHEAD,      LOOK),
    ROW   (AHEAD,      CLOSED,   AHEAD,      READ_EXIT),
    JUDGE (AHEAD,      LOST,     ENDED,      CALM | DESTROY | END, BROKEN),
    JUDGE (AHEAD,      TIMEOUT,  CUT,        DESTROY,        SLOW),

    ROW   (STARTED,    STOP,     STARTED,    ASK_AND_WAIT),
    ROW   (STARTED,    SIGNAL,   STARTED,    ASK),
    ROW   (STARTED,    STEP,     STARTED,    TELL),
    ROW   (STARTED,    EXECUTED, STARTED,    TELL),
    ROW   (STARTED,    EXIT,     ENDED,      CALM | END),
    ROW   (STARTED,    HANG_UP,  STARTED,    LOOK),
    ROW   (STARTED,    CLOSED,   STARTED,    READ_EXIT),
    ROW   (STARTED,    LOST,     ENDED,      CALM | DESTROY | END),
    ROW   (STARTED,    TIMEOUT,  STARTED,    DESTROY),

    ROW   (CALLED_OFF, SCOPED,   CALLED_OFF, NOTHING),
    ROW   (CALLED_OFF, UNSCOPED, CALLED_OFF, NOTHING),
    ROW   (CALLED_OFF, ALLOW,    CALLED_OFF, NOTHING),
    ROW   (CALLED_OFF, CALL_OFF, CALLED_OFF, NOTHING),
    ROW   (CALLED_OFF, STOP,     CALLED_OFF, NOTHING),
    ROW   (CALLED_OFF, SIGNAL,   CALLED_OFF, NOTHING),
    ROW   (CALLED_OFF, READY,    CALLED_OFF, BUILT),
    ROW   (CALLED_OFF, EXIT,     ENDED,      CALM | END),
    ROW   (CALLED_OFF, HANG_UP,  CALLED_OFF, NOTHING),
    ROW   (CALLED_OFF, CLOSED,   ENDED,      CALM | DESTROY | END),
    ROW   (CALLED_OFF, TIMEOUT,  CALLED_OFF, DESTROY),

    ROW   (CUT,        STOP,     CUT,        ASK_AND_WAIT),
    ROW   (CUT,        SIGNAL,   CUT,        ASK),
    ROW   (CUT,        READY,    CUT,        BUILT),
    ROW   (CUT,        STEP,     CUT,        BUILT | TELL),
    ROW   (CUT,        EXECUTED, CUT,        BUILT | TELL),
    ROW   (CUT,        EXIT,     ENDED,      CALM | END),
    ROW   (CUT,        HANG_UP,  CUT,        NOTHING),
    ROW   (CUT,        CLOSED,   ENDED,      CALM | DESTROY | END),
    ROW   (CUT,        TIMEOUT,  CUT,        DESTROY),

    ROW   (ENDED,      SCOPED,   ENDED,      NOTHING),
    ROW   (ENDED,      UNSCOPED, ENDED,      NOTHING),
    ROW   (ENDED,      LINGER,   ENDED,      NOTHING),
    ROW   (ENDED,      HANG_UP,  ENDED,      NOTHING),
    ROW   (ENDED,      CLOSED,   ENDED,      NOTHING),
    ROW   (ENDED,      RELEASE,  RELEASED,   QUILT_RUN_DO_BYE | QUILT_RUN_DO_WAIT | QUILT_RUN_DO_SETTLE),

    ROW   (RELEASED,   SCOPED,   RELEASED,   QUILT_RUN_DO_SETTLE),
    ROW   (RELEASED,   UNSCOPED, RELEASED,   QUILT_RUN_DO_SETTLE),
    ROW   (RELEASED,   LINGER,   LINGERING,  CALM | TELL),
    ROW   (RELEASED,   HANG_UP,  RELEASED,   TELL),
    ROW   (RELEASED,   CLOSED,   RELEASED,   NOTHING),
    ROW   (RELEASED,   TIMEOUT,  RELEASED,   DESTROY),
    ROW   (RELEASED,   LEFT,     SETTLED,    CALM | QUILT_RUN_DO_CLEAR | TELL),

    ROW   (LINGERING,  SCOPED,   LINGERING,  QUILT_RUN_DO_SETTLE),
    ROW   (LINGERING,  UNSCOPED, LINGERING,  QUILT_RUN_DO_SETTLE),
    ROW   (LINGERING,  LINGER,   LINGERING,  CALM | TELL),
    ROW   (LINGERING,  HANG_UP,  LINGERING,  NOTHING),
    ROW   (LINGERING,  CLOSED,   LINGERING,  NOTHING),
    ROW   (LINGERING,  GIVE_UP,  LINGERING,  DESTROY),
    ROW   (LINGERING,  LEFT,     SETTLED,    CALM | QUILT_RUN_DO_CLEAR | TELL),
};
/* clang-format on */

static const Row *
find_row (QuiltRunStage from, QuiltRunStageEvent event)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].from == from && rows[i].event == event)
      return &rows[i];
  return NULL;
}

/* quiltd sends no GO to a run that it has called off, so the run's needs stay. */
static guint
needs_after (QuiltRunState state, QuiltRunStageEvent event)
{
  switch (event) {
  case QUILT_RUN_ON_SCOPED:
    return state.stage == QUILT_RUN_STAGE_ASKED ? state.needs & ~QUILT_NEEDS_SCOPE : state.needs;
  case QUILT_RUN_ON_ALLOW:
    return state.stage == QUILT_RUN_STAGE_ASKED ? state.needs & ~QUILT_NEEDS_ALLOWANCE
                                                : state.needs;
  case QUILT_RUN_ON_READY:
    return state.needs & ~QUILT_NEEDS_ROOT;
  case QUILT_RUN_ON_STEP:
  case QUILT_RUN_ON_EXECUTED:
    return 0;
  default:
    return state.needs;
  }
}

gboolean
quilt_run_stage_step (QuiltRunState state, QuiltRunStageEvent event, QuiltRunStageStep *ret_step)
{
  const Row *row = find_row (state.stage, event);

  if (!row)
    return FALSE;
  *ret_step =
      (QuiltRunStageStep){{row->to, needs_after (state, event)}, row->effects, row->verdict};
  if (row->to == QUILT_RUN_STAGE_ASKED && quilt_run_stage_is_ahead (ret_step->next)) {
    ret_step->next.stage = ret_step->next.needs ? QUILT_RUN_STAGE_AHEAD : QUILT_RUN_STAGE_STARTED;
    ret_step->effects |= QUILT_RUN_DO_GO;
  }
  return TRUE;
}

gboolean
quilt_run_stage_is_ahead (QuiltRunState state)
{
  return !(state.needs & BEFORE_GO);
}

GError *
quilt_verdict_new (QuiltRunVerdict reason)
{
  static const struct {
    QuiltError code;
    const char *text;
  } verdicts[QUILT_RUN_VERDICTS] = {
      [QUILT_RUN_VERDICT_SLOW] = {QUILT_ERROR_FAILED,
                                  "The container's supervisor was not ready within " G_STRINGIFY (
                                      QUILT_RUN_READY_SECONDS) " s; start the container again"},
      [QUILT_RUN_VERDICT_ORPHAN] =
          {QUILT_ERROR_CANCELLED,
           "quiltd ended before it had started the container; start the container again"},
      [QUILT_RUN_VERDICT_STOPPED] = {QUILT_ERROR_CANCELLED,
                                     "The container was stopped before its command was executed"},
      [QUILT_RUN_VERDICT_BROKEN] =
          {QUILT_ERROR_FAILED,
           "The container's supervisor failed or was killed before it executed the command; see "
           "'journalctl -u quiltd.service', and start the container again"},
  };

  return g_error_new_literal (QUILT_ERROR, (int)verdicts[reason].code, verdicts[reason].text);
}

const char *
quilt_run_stage_to_string (QuiltRunStage stage)
{
  static const char *const names[] = {
      [QUILT_RUN_STAGE_ASKED] = "asked",           [QUILT_RUN_STAGE_FOUND] = "found",
      [QUILT_RUN_STAGE_AHEAD] = "ahead",           [QUILT_RUN_STAGE_STARTED] = "started",
      [QUILT_RUN_STAGE_CALLED_OFF] = "called-off", [QUILT_RUN_STAGE_CUT] = "cut",
      [QUILT_RUN_STAGE_ENDED] = "ended",           [QUILT_RUN_STAGE_RELEASED] = "released",
      [QUILT_RUN_STAGE_LINGERING] = "lingering",   [QUILT_RUN_STAGE_SETTLED] = "settled",
  };

  return names[stage];
}

const char *
quilt_run_stage_event_to_string (QuiltRunStageEvent event)
{
  static const char *const names[] = {
      [QUILT_RUN_ON_SCOPED] = "scoped",     [QUILT_RUN_ON_UNSCOPED] = "unscoped",
      [QUILT_RUN_ON_ALLOW] = "allow",       [QUILT_RUN_ON_CALL_OFF] = "call-off",
      [QUILT_RUN_ON_STOP] = "stop",         [QUILT_RUN_ON_SIGNAL] = "signal",
      [QUILT_RUN_ON_READY] = "ready",       [QUILT_RUN_ON_STEP] = "step",
      [QUILT_RUN_ON_EXECUTED] = "executed", [QUILT_RUN_ON_EXIT] = "exit",
      [QUILT_RUN_ON_LINGER] = "linger",     [QUILT_RUN_ON_HANG_UP] = "hang-up",
      [QUILT_RUN_ON_CLOSED] = "closed",     [QUILT_RUN_ON_LOST] = "lost",
      [QUILT_RUN_ON_TIMEOUT] = "timeout",   [QUILT_RUN_ON_RELEASE] = "release",
      [QUILT_RUN_ON_GIVE_UP] = "give-up",   [QUILT_RUN_ON_LEFT] = "left",
  };

  return names[event];
}

char *
quilt_run_stage_effects_to_string (const QuiltRunStageStep *step)
{
  static const char *const verdicts[] = {
      [QUILT_RUN_VERDICT_GIVEN] = "given",   [QUILT_RUN_VERDICT_SLOW] = "slow",
      [QUILT_RUN_VERDICT_ORPHAN] = "orphan", [QUILT_RUN_VERDICT_STOPPED] = "stopped",
      [QUILT_RUN_VERDICT_BROKEN] = "broken",
  };
  static const QuiltEffectWord words[] = {
      {QUILT_RUN_DO_CALM, "calm"},
      {QUILT_RUN_DO_BUILT, "built"},
      {QUILT_RUN_DO_DESTROY, "destroy"},
      {QUILT_RUN_DO_GO, "go"},
      {QUILT_RUN_DO_ASK, "ask"},
      {QUILT_RUN_DO_BYE, "bye"},
      {QUILT_RUN_DO_WAIT, "wait"},
      {QUILT_RUN_DO_SETTLE, "settle"},
      {QUILT_RUN_DO_LOOK, "look"},
      {QUILT_RUN_DO_CLEAR, "clear"},
      {QUILT_RUN_DO_TELL, "tell"},
      {QUILT_RUN_DO_END, "end"},
      {QUILT_RUN_DO_READ_EXIT, "read-exit"},
  };
  GString *list = g_string_new (NULL);

  if (step->verdict != QUILT_RUN_VERDICT_NONE)
    g_string_append_printf (list, "verdict %s", verdicts[step->verdict]);
  quilt_effect_words_append (list, step->effects, words, G_N_ELEMENTS (words));
  return g_string_free (list, FALSE);
}
