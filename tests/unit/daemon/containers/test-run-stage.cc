/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of one run of a container: every pair of stage and event, and what holds on every way
 * through it. */
#include "base/check.h"
#include "daemon/containers/step-table.h"

#include <functional>

extern "C" {
#include "base/error.h"
#include "daemon/containers/run-stage.h"
}

using std::string;

namespace
{

/* Each event that can happen in a stage while the run has all needs. No other event can. */
const std::vector<StepRow> stages = {
    {"asked", "scoped allow", "asked", ""},
    {"asked", "unscoped call-off", "called-off", "verdict given, destroy"},
    {"asked", "stop signal", "called-off", "verdict stopped, destroy"},
    {"asked", "ready", "asked", "built"},
    {"asked", "exit", "ended", "calm, end"},
    {"asked", "hang-up", "asked", ""},
    {"asked", "closed", "asked", "read-exit"},
    {"asked", "lost", "ended", "verdict broken, calm, destroy, end"},
    {"asked", "timeout", "called-off", "verdict slow, destroy"},
    {"found", "stop", "found", "ask, wait"},
    {"found", "signal", "found", "ask"},
    {"found", "ready", "cut", "verdict orphan, calm, destroy"},
    {"found", "step executed", "started", "tell"},
    {"found", "exit", "ended", "calm, end"},
    {"found", "hang-up", "found", "look"},
    {"found", "closed", "found", "read-exit"},
    {"found", "lost", "ended", "calm, destroy, end"},
    {"found", "timeout", "found", "destroy"},
    {"ahead", "stop", "ahead", "ask, wait"},
    {"ahead", "signal", "ahead", "ask"},
    {"ahead", "ready", "started", "built"},
    {"ahead", "step executed", "started", "built, tell"},
    {"ahead", "exit", "ended", "calm, end"},
    {"ahead", "hang-up", "ahead", "look"},
    {"ahead", "closed", "ahead", "read-exit"},
    {"ahead", "lost", "ended", "verdict broken, calm, destroy, end"},
    {"ahead", "timeout", "cut", "verdict slow, destroy"},
    {"started", "stop", "started", "ask, wait"},
    {"started", "signal", "started", "ask"},
    {"started", "step executed", "started", "tell"},
    {"started", "exit", "ended", "calm, end"},
    {"started", "hang-up", "started", "look"},
    {"started", "closed", "started", "read-exit"},
    {"started", "lost", "ended", "calm, destroy, end"},
    {"started", "timeout", "started", "destroy"},
    {"called-off", "scoped unscoped allow call-off stop signal hang-up", "called-off", ""},
    {"called-off", "ready", "called-off", "built"},
    {"called-off", "exit", "ended", "calm, end"},
    {"called-off", "closed", "ended", "calm, destroy, end"},
    {"called-off", "timeout", "called-off", "destroy"},
    {"cut", "stop", "cut", "ask, wait"},
    {"cut", "signal", "cut", "ask"},
    {"cut", "ready", "cut", "built"},
    {"cut", "step executed", "cut", "built, tell"},
    {"cut", "exit", "ended", "calm, end"},
    {"cut", "hang-up", "cut", ""},
    {"cut", "closed", "ended", "calm, destroy, end"},
    {"cut", "timeout", "cut", "destroy"},
    {"ended", "scoped unscoped linger hang-up closed", "ended", ""},
    {"ended", "release", "released", "bye, wait, settle"},
    {"released", "scoped unscoped", "released", "settle"},
    {"released", "linger", "lingering", "calm, tell"},
    {"released", "hang-up", "released", "tell"},
    {"released", "closed", "released", ""},
    {"released", "timeout", "released", "destroy"},
    {"released", "left", "settled", "calm, clear, tell"},
    {"lingering", "scoped unscoped", "lingering", "settle"},
    {"lingering", "linger", "lingering", "calm, tell"},
    {"lingering", "hang-up closed", "lingering", ""},
    {"lingering", "give-up", "lingering", "destroy"},
    {"lingering", "left", "settled", "calm, clear, tell"},
    {"settled", "", "", ""},
};

/* In the stage asked, with these needs, the event fulfils the last need before GO. */
const std::vector<StepRow> last_needs = {
    {"scope", "scoped", "started", "go"},
    {"scope, root", "scoped", "ahead", "go"},
    {"allowance", "allow", "started", "go"},
    {"allowance, root", "allow", "ahead", "go"},
};

/* The needs that an event fulfils in a stage, or (*) in every stage. */
const std::vector<StepRow> fulfilled = {
    {"asked", "scoped", "scope", ""},
    {"asked", "allow", "allowance", ""},
    {"*", "ready", "root", ""},
    {"*", "step executed", "scope, allowance, root", ""},
};

QuiltRunStageEvent
event_of (guint i)
{
  return static_cast<QuiltRunStageEvent> (i);
}

string
words (const QuiltRunStageStep &step)
{
  return take (quilt_run_stage_effects_to_string (&step));
}

string
needs_text (guint needs)
{
  static const char *const names[] = {"scope", "allowance", "root"};
  string text;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (needs & (1u << i))
      text += (text.empty () ? "" : ", ") + string (names[i]);
  return text;
}

/* The needs that are left after an event. */
string
needs_after (const string &stage, guint needs, const string &event)
{
  const StepRow *row = find_step (fulfilled, stage, event);
  guint left = needs;

  if (!row)
    row = find_step (fulfilled, "*", event);
  for (guint i = 0; row && i < 3; i++)
    if (effects_of (row->to).count (needs_text (1u << i)) > 0)
      left &= ~(1u << i);
  return needs_text (left);
}

bool
has (const QuiltRunStageStep &step, guint effects)
{
  return (step.effects & effects) != 0;
}

/* The state that these events lead to, from a run that was asked for; or from one that was found.
 */
QuiltRunStageStep
after (QuiltRunStage first, const std::vector<QuiltRunStageEvent> &events)
{
  QuiltRunStageStep step = {{first, QUILT_NEEDS_ALL}, {}, {}};

  for (QuiltRunStageEvent event : events)
    EXPECT_TRUE (quilt_run_stage_step (step.next, event, &step))
        << quilt_run_stage_event_to_string (event);
  return step;
}

/* Every state that can be reached, each entered by every event that leads there. */
void
walk (const std::function<void (QuiltRunState, QuiltRunStageEvent, const QuiltRunStageStep &)> &see)
{
  std::set<std::pair<guint, guint>> seen;
  std::vector<QuiltRunState> todo = {{QUILT_RUN_STAGE_ASKED, QUILT_NEEDS_ALL},
                                     {QUILT_RUN_STAGE_FOUND, QUILT_NEEDS_ALL}};

  while (!todo.empty ()) {
    const QuiltRunState state = todo.back ();

    todo.pop_back ();
    for (guint i = 0; i < QUILT_RUN_STAGE_EVENTS; i++) {
      QuiltRunStageStep step;

      if (!quilt_run_stage_step (state, event_of (i), &step))
        continue;
      see (state, event_of (i), step);
      if (seen.insert ({step.next.stage, step.next.needs}).second)
        todo.push_back (step.next);
    }
  }
}

} // namespace

TEST (RunStage, EveryPairOfStageAndEvent)
{
  ASSERT_EQ (states_of (stages).size (), static_cast<gsize> (QUILT_RUN_STAGES));
  for (guint i = 0; i < QUILT_RUN_STAGES; i++)
    for (guint j = 0; j < QUILT_RUN_STAGE_EVENTS; j++) {
      const auto stage = static_cast<QuiltRunStage> (i);
      const string name = quilt_run_stage_to_string (stage);
      const string event = quilt_run_stage_event_to_string (event_of (j));
      string found = impossible;
      QuiltRunStageStep step;

      if (quilt_run_stage_step ({stage, QUILT_NEEDS_ALL}, event_of (j), &step))
        found = step_text (quilt_run_stage_to_string (step.next.stage), words (step));
      EXPECT_EQ (found, expected_step (stages, name, event)) << name << " " << event;
    }
}

/* The needs change no effect but GO. A run that is asked for, and has its scope and its allowance,
 * does not exist: it is ahead or started. */
TEST (RunStage, EveryStateAndEvent)
{
  for (guint i = 0; i < QUILT_RUN_STAGES * (QUILT_NEEDS_ALL + 1) * QUILT_RUN_STAGE_EVENTS; i++) {
    const QuiltRunState state = {static_cast<QuiltRunStage> (i % QUILT_RUN_STAGES),
                                 i / QUILT_RUN_STAGES % (QUILT_NEEDS_ALL + 1)};
    const string stage = quilt_run_stage_to_string (state.stage), needs = needs_text (state.needs);
    const QuiltRunStageEvent happened = event_of (i / (QUILT_RUN_STAGES * (QUILT_NEEDS_ALL + 1)));
    const string event = quilt_run_stage_event_to_string (happened);
    const bool is_last =
        state.stage == QUILT_RUN_STAGE_ASKED && find_step (last_needs, needs, event);
    string found = impossible;
    QuiltRunStageStep step;

    if (state.stage == QUILT_RUN_STAGE_ASKED && quilt_run_stage_is_ahead (state))
      continue;
    if (quilt_run_stage_step (state, happened, &step)) {
      found = step_text (quilt_run_stage_to_string (step.next.stage), words (step));
      EXPECT_EQ (needs_text (step.next.needs), needs_after (stage, state.needs, event))
          << stage << " (" << needs << ") " << event;
    }
    EXPECT_EQ (found, is_last ? expected_step (last_needs, needs, event)
                              : expected_step (stages, stage, event))
        << stage << " (" << needs << ") " << event;
  }
  walk ([] (QuiltRunState, QuiltRunStageEvent, const QuiltRunStageStep &step) {
    EXPECT_FALSE (step.next.stage == QUILT_RUN_STAGE_ASKED && quilt_run_stage_is_ahead (step.next));
  });
}

/* In the order in which quiltd carries them out. */
TEST (RunStage, EffectsHaveTheirWords)
{
  const string all = "calm, built, destroy, go, ask, bye, wait, settle, look, clear, tell, end, "
                     "read-exit";
  const string verdicts[] = {
      "", "verdict given", "verdict slow", "verdict orphan", "verdict stopped", "verdict broken"};
  const auto with = [] (guint effects, guint verdict) {
    return words ({{QUILT_RUN_STAGE_ASKED, QUILT_NEEDS_ALL},
                   static_cast<QuiltRunEffects> (effects),
                   static_cast<QuiltRunVerdict> (verdict)});
  };
  string found;

  for (guint bit = 1; bit <= QUILT_RUN_DO_READ_EXIT; bit <<= 1)
    found += (bit > 1 ? ", " : "") + with (bit, QUILT_RUN_VERDICT_NONE);
  EXPECT_EQ (found, all);
  EXPECT_EQ (with (2 * QUILT_RUN_DO_READ_EXIT - 1, QUILT_RUN_VERDICT_SLOW), "verdict slow, " + all);
  ASSERT_EQ (G_N_ELEMENTS (verdicts), static_cast<gsize> (QUILT_RUN_VERDICTS));
  for (guint i = 0; i < QUILT_RUN_VERDICTS; i++)
    EXPECT_EQ (with (0, i), verdicts[i]);
}

/* In whichever order they come. */
TEST (RunStage, GoIsSentWithScopeAndAllowance)
{
  const QuiltRunStageEvent scoped = QUILT_RUN_ON_SCOPED;
  const QuiltRunStageEvent allow = QUILT_RUN_ON_ALLOW;
  const QuiltRunStageEvent ready = QUILT_RUN_ON_READY;
  const struct {
    std::vector<QuiltRunStageEvent> events;
    QuiltRunStage stage;
    bool go; /* by the last event */
  } cases[] = {
      {{scoped}, QUILT_RUN_STAGE_ASKED, false},
      {{allow}, QUILT_RUN_STAGE_ASKED, false},
      {{scoped, ready}, QUILT_RUN_STAGE_ASKED, false},
      {{allow, ready}, QUILT_RUN_STAGE_ASKED, false},
      {{scoped, allow}, QUILT_RUN_STAGE_AHEAD, true},
      {{allow, scoped}, QUILT_RUN_STAGE_AHEAD, true},
      {{scoped, allow, ready}, QUILT_RUN_STAGE_STARTED, false},
      {{ready, scoped, allow}, QUILT_RUN_STAGE_STARTED, true},
      {{ready, allow, scoped}, QUILT_RUN_STAGE_STARTED, true},
      {{scoped, ready, allow}, QUILT_RUN_STAGE_STARTED, true},
      {{QUILT_RUN_ON_STOP, scoped, allow}, QUILT_RUN_STAGE_CALLED_OFF, false},
      {{scoped, QUILT_RUN_ON_STOP, allow}, QUILT_RUN_STAGE_CALLED_OFF, false},
  };

  for (const auto &c : cases) {
    const QuiltRunStageStep step = after (QUILT_RUN_STAGE_ASKED, c.events);

    EXPECT_EQ (step.next.stage, c.stage) << &c - cases;
    EXPECT_EQ (has (step, QUILT_RUN_DO_GO), c.go) << &c - cases;
  }
}

/* A scope that was never entered is empty, and that says nothing. */
TEST (RunStage, AnEmptyScopeSaysSomethingAfterGo)
{
  walk ([] (QuiltRunState state, QuiltRunStageEvent event, const QuiltRunStageStep &step) {
    const bool told = event == QUILT_RUN_ON_STEP || event == QUILT_RUN_ON_EXECUTED;

    EXPECT_EQ (quilt_run_stage_is_ahead (step.next),
               quilt_run_stage_is_ahead (state) || has (step, QUILT_RUN_DO_GO) || told);
    EXPECT_TRUE (
        quilt_run_stage_is_ahead (step.next) ||
        (step.next.stage != QUILT_RUN_STAGE_AHEAD && step.next.stage != QUILT_RUN_STAGE_STARTED));
    EXPECT_TRUE (!quilt_run_stage_is_ahead (step.next) ||
                 (step.next.stage != QUILT_RUN_STAGE_ASKED &&
                  step.next.stage != QUILT_RUN_STAGE_CALLED_OFF));
  });
}

/* Once, and with a verdict if the command may not have been executed and nothing else says why. */
TEST (RunStage, AnEndIsToldOnce)
{
  walk ([] (QuiltRunState state, QuiltRunStageEvent event, const QuiltRunStageStep &step) {
    EXPECT_EQ (has (step, QUILT_RUN_DO_END),
               state.stage < QUILT_RUN_STAGE_ENDED && step.next.stage == QUILT_RUN_STAGE_ENDED);
    EXPECT_TRUE (state.stage <= QUILT_RUN_STAGE_CUT || step.next.stage > QUILT_RUN_STAGE_CUT);
    if (step.verdict == QUILT_RUN_VERDICT_NONE)
      return;
    /* There is one verdict, and what follows it can't change that. */
    EXPECT_TRUE (state.stage != QUILT_RUN_STAGE_CALLED_OFF && state.stage != QUILT_RUN_STAGE_CUT);
    EXPECT_TRUE (step.next.stage == QUILT_RUN_STAGE_CALLED_OFF ||
                 step.next.stage == QUILT_RUN_STAGE_CUT || event == QUILT_RUN_ON_LOST);
    EXPECT_TRUE (has (step, QUILT_RUN_DO_DESTROY));
  });
}

/* Nothing that may have executed its command is ended for a lost connection. */
TEST (RunStage, ALostConnectionDoesNotKillARunningContainer)
{
  walk ([] (QuiltRunState state, QuiltRunStageEvent event, const QuiltRunStageStep &step) {
    if (event != QUILT_RUN_ON_HANG_UP)
      return;
    EXPECT_FALSE (has (step, QUILT_RUN_DO_DESTROY));
    EXPECT_EQ (has (step, QUILT_RUN_DO_LOOK), state.stage == QUILT_RUN_STAGE_FOUND ||
                                                  state.stage == QUILT_RUN_STAGE_AHEAD ||
                                                  state.stage == QUILT_RUN_STAGE_STARTED);
  });
}

/* A supervisor says READY, STEP or EXECUTED: its root file system is built. Which of them quiltd
 * hears first depends on the connection. */
TEST (RunStage, NothingWaitsForARootThatIsBuilt)
{
  walk ([] (QuiltRunState state, QuiltRunStageEvent event, const QuiltRunStageStep &step) {
    const bool built =
        event == QUILT_RUN_ON_READY || event == QUILT_RUN_ON_STEP || event == QUILT_RUN_ON_EXECUTED;

    EXPECT_TRUE (built || !has (step, QUILT_RUN_DO_BUILT));
    /* Before STARTED quiltd may wait for it, but not for a run that it has found. */
    if (built && state.stage != QUILT_RUN_STAGE_FOUND && state.stage != QUILT_RUN_STAGE_STARTED) {
      EXPECT_TRUE (has (step, QUILT_RUN_DO_BUILT)) << quilt_run_stage_to_string (state.stage);
    }
    /* Patience with a stop goes on. */
    if (built && state.stage != QUILT_RUN_STAGE_FOUND) {
      EXPECT_FALSE (has (step, QUILT_RUN_DO_CALM)) << quilt_run_stage_to_string (state.stage);
    }
  });
}

/* An exit record is read before a run is called lost, but not if quiltd itself has ended it. */
TEST (RunStage, AClosedConnectionLeadsToAnEnd)
{
  walk ([] (QuiltRunState state, QuiltRunStageEvent event, const QuiltRunStageStep &step) {
    QuiltRunStageStep then;

    if (event != QUILT_RUN_ON_CLOSED || state.stage >= QUILT_RUN_STAGE_ENDED)
      return;
    EXPECT_NE (has (step, QUILT_RUN_DO_READ_EXIT), has (step, QUILT_RUN_DO_END));
    if (!has (step, QUILT_RUN_DO_READ_EXIT))
      return;
    for (QuiltRunStageEvent result : {QUILT_RUN_ON_EXIT, QUILT_RUN_ON_LOST}) {
      ASSERT_TRUE (quilt_run_stage_step (step.next, result, &then));
      EXPECT_TRUE (has (then, QUILT_RUN_DO_END));
    }
  });
}

TEST (RunStage, VerdictsSayWhy)
{
  for (guint i = QUILT_RUN_VERDICT_SLOW; i < QUILT_RUN_VERDICTS; i++) {
    g_autoptr (GError) error = quilt_verdict_new (static_cast<QuiltRunVerdict> (i));

    EXPECT_TRUE (error->domain == QUILT_ERROR && *error->message) << i;
  }
  EXPECT_EQ (after (QUILT_RUN_STAGE_ASKED, {QUILT_RUN_ON_TIMEOUT}).verdict, QUILT_RUN_VERDICT_SLOW);
  EXPECT_EQ (after (QUILT_RUN_STAGE_ASKED, {QUILT_RUN_ON_CLOSED, QUILT_RUN_ON_LOST}).verdict,
             QUILT_RUN_VERDICT_BROKEN);
  EXPECT_EQ (after (QUILT_RUN_STAGE_FOUND, {QUILT_RUN_ON_READY}).verdict, QUILT_RUN_VERDICT_ORPHAN);
  EXPECT_EQ (after (QUILT_RUN_STAGE_FOUND, {QUILT_RUN_ON_CLOSED, QUILT_RUN_ON_LOST}).verdict,
             QUILT_RUN_VERDICT_NONE);
}

/* A supervisor that hangs up after BYE has no output left; before BYE, only it knows. */
TEST (RunStage, OnlyAReleasedSupervisorThatHangsUpIsTold)
{
  walk ([&] (QuiltRunState state, QuiltRunStageEvent event, const QuiltRunStageStep &step) {
    if (event == QUILT_RUN_ON_HANG_UP) {
      EXPECT_EQ (has (step, QUILT_RUN_DO_TELL), state.stage == QUILT_RUN_STAGE_RELEASED);
    }
  });
}

/* The table for readers is this one. */
TEST (RunStage, ArchitectureShowsIt)
{
  EXPECT_TRUE (architecture_shows ("| stage | event | next stage | effects |", stages));
  EXPECT_TRUE (architecture_shows ("| needs | event | next stage | effects |", last_needs));
}
