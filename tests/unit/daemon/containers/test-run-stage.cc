/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of one run of a container: every pair of stage and event, and what holds on every way
 * through it. */
#include "base/check.h"

#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>

extern "C" {
#include "base/error.h"
#include "daemon/containers/run-stage.h"
}

using std::string;

namespace
{

/* For each stage the events that can happen in it while the run has none of its needs, and where
 * they lead. No other event can happen. */
const std::map<string, string> stages = {
    {"asked", "scoped>asked unscoped>called-off allow>asked call-off>called-off stop>called-off "
              "signal>called-off ready>asked exit>ended hang-up>asked closed>asked lost>ended "
              "timeout>called-off"},
    {"found", "stop>found signal>found ready>cut step>started executed>started exit>ended "
              "hang-up>found closed>found lost>ended timeout>found"},
    {"ahead", "stop>ahead signal>ahead ready>started step>started executed>started exit>ended "
              "hang-up>ahead closed>ahead lost>ended timeout>cut"},
    {"started", "stop>started signal>started step>started executed>started exit>ended "
                "hang-up>started closed>started lost>ended timeout>started"},
    {"called-off", "scoped>called-off unscoped>called-off allow>called-off call-off>called-off "
                   "stop>called-off signal>called-off ready>called-off exit>ended "
                   "hang-up>called-off closed>ended timeout>called-off"},
    {"cut", "stop>cut signal>cut ready>cut step>cut executed>cut exit>ended hang-up>cut "
            "closed>ended timeout>cut"},
    {"ended", "scoped>ended unscoped>ended linger>ended hang-up>ended closed>ended "
              "release>released"},
    {"released", "scoped>released unscoped>released linger>lingering hang-up>released "
                 "closed>released timeout>released left>settled"},
    {"lingering", "scoped>lingering unscoped>lingering linger>lingering hang-up>lingering "
                  "closed>lingering give-up>lingering left>settled"},
    {"settled", ""},
};

QuiltRunStageEvent
event_of (guint i)
{
  return static_cast<QuiltRunStageEvent> (i);
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
  ASSERT_EQ (stages.size (), static_cast<gsize> (QUILT_RUN_STAGES));
  for (guint i = 0; i < QUILT_RUN_STAGES; i++) {
    const auto stage = static_cast<QuiltRunStage> (i);
    string found;

    for (guint j = 0; j < QUILT_RUN_STAGE_EVENTS; j++) {
      QuiltRunStageStep step;

      if (quilt_run_stage_step ({stage, QUILT_NEEDS_ALL}, event_of (j), &step))
        found += string (found.empty () ? "" : " ") +
                 quilt_run_stage_event_to_string (event_of (j)) + ">" +
                 quilt_run_stage_to_string (step.next.stage);
    }
    EXPECT_EQ (found, stages.at (quilt_run_stage_to_string (stage)))
        << quilt_run_stage_to_string (stage);
  }
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
TEST (RunStage, WhatRunsIsNotKilledForALostConnection)
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
  std::ifstream in (string (getenv ("QUILT_SOURCE")) + "/docs/architecture.md");
  std::stringstream text;

  text << in.rdbuf ();
  for (const auto &[name, events] : stages) {
    string row = "| `" + name + "` |";
    string pair;

    for (std::istringstream pairs (events); pairs >> pair;)
      row += " " + pair.replace (pair.find ('>'), 1, " → ") + " ·";
    if (!events.empty ())
      row.resize (row.size () - 3);
    EXPECT_NE (text.str ().find (row + " |"), string::npos) << row;
  }
}
