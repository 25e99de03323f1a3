/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of a container's life: every pair of state and event, and what holds on every way
 * through it. */
#include "base/check.h"
#include "daemon/containers/step-table.h"

#include <functional>

extern "C" {
#include "daemon/containers/life.h"
}

using std::string;

namespace
{

/* Each event that can happen in a phase, while the files are kept. No other event can. */
const std::vector<StepRow> runs = {
    {"idle", "found", "found", "show running quietly"},
    {"idle", "unfound", "idle", "take-state"},
    {"idle", "missed", "idle", "show-end"},
    {"idle", "begin", "begun", "show setting-up, mark"},
    {"idle", "bar", "unstarted", "show setting-up, record"},
    {"begun", "marked", "setting-up", "allow"},
    {"begun", "unmarked", "setting-up", "call-off"},
    {"begun", "stop kill", "cut", "show stopping, cancel"},
    {"begun", "end", "over", ""},
    {"cut", "marked unmarked", "stopping", ""},
    {"cut", "stop kill", "cut", ""},
    {"cut", "end", "over", ""},
    {"over", "marked unmarked", "ended", "record"},
    {"over", "stop kill", "over", ""},
    {"setting-up", "step", "setting-up", "show setting-up"},
    {"setting-up", "last-step", "stopping", "show stopping"},
    {"setting-up", "executed", "running", "show running, answer"},
    {"setting-up", "executed-cut", "stopping", "show stopping, answer"},
    {"setting-up", "stop kill", "stopping", "show stopping, cancel"},
    {"setting-up", "end", "ended", "record"},
    {"running", "executed", "running", "show running"},
    {"running", "executed-cut", "stopping", "show stopping"},
    {"running", "stop", "stopping", "show stopping, stop"},
    {"running", "kill", "running", "kill"},
    {"running", "end", "ended", "record"},
    {"stopping", "step last-step", "stopping", "show stopping"},
    {"stopping", "executed executed-cut", "stopping", "show stopping, answer"},
    {"stopping", "stop", "stopping", "stop"},
    {"stopping", "kill", "stopping", "kill"},
    {"stopping", "end", "ended", "record"},
    {"found", "step", "setting-up", "show setting-up quietly, known"},
    {"found", "last-step executed-cut", "stopping", "show stopping quietly, known"},
    {"found", "executed", "running", "show running quietly, known"},
    {"found", "stop", "found-cut", "show stopping, stop"},
    {"found", "kill", "found", "kill"},
    {"found", "end", "found-ended", "record"},
    {"found", "end-known", "settling", "take-state, known, release, finish"},
    {"found-cut", "step last-step executed executed-cut", "stopping", "show stopping, known"},
    {"found-cut", "stop", "found-cut", "stop"},
    {"found-cut", "kill", "found-cut", "kill"},
    {"found-cut", "end", "found-ended", "record"},
    {"found-cut", "end-known", "settling", "take-state, known, release, finish"},
    {"unstarted", "recorded", "idle", "bury, show-end, finish, answer"},
    {"unstarted", "stop kill", "unstarted", ""},
    {"ended", "recorded", "settling", "bury, show-end, release, finish, answer"},
    {"ended", "stop kill", "ended", ""},
    {"found-ended", "recorded", "settling", "bury, show-end, known, release, finish, answer"},
    {"found-ended", "stop kill", "found-ended", ""},
    {"settling", "linger", "lingering", "refuse"},
    {"settling", "close", "closing", ""},
    {"settling", "settled", "idle", "leave, start-again"},
    {"closing", "settled", "idle", "leave, start-again"},
    {"lingering", "linger", "lingering", "refuse"},
    {"lingering", "settled", "idle", "leave, start-again"},
};

/* Each event that can happen to the files, while the container runs. */
const std::vector<StepRow> files = {
    {"kept", "edit", "edited", ""},
    {"kept", "doom", "doomed", ""},
    {"edited", "edit-end", "kept", ""},
    {"edited", "doom", "doomed-edited", ""},
    {"doomed-edited", "edit-end", "doomed", ""},
    {"doomed-edited", "doom", "doomed-edited", ""},
    {"doomed", "doom", "doomed", ""},
    {"deleting", "doom", "deleting", ""},
    {"deleting", "deleted", "deleted", ""},
    {"deleting", "undeleted", "kept", "keep"},
    {"deleted", "doom", "deleted", ""},
    {"gone", "", "", ""},
};

/* If an event leads to these files and to one of these phases, the step also leads to other files
 * and has more effects. */
const std::vector<StepRow> due = {
    {"doomed", "idle settling closing lingering", "deleting", "delete"},
    {"deleted", "closing", "gone", "vanish"},
    {"deleted", "idle", "gone", "vanish, removed"},
    {"gone", "idle", "gone", "removed"},
};

QuiltPhase
phase_of (guint i)
{
  return static_cast<QuiltPhase> (i);
}

QuiltLifeEvent
event_of (guint i)
{
  return static_cast<QuiltLifeEvent> (i);
}

QuiltFiles
files_of (guint i)
{
  return static_cast<QuiltFiles> (i);
}

string
words (const QuiltLifeStep &step)
{
  return take (quilt_life_effects_to_string (&step));
}

bool
has (const QuiltLifeStep &step, QuiltEffects effect)
{
  return (step.effects & effect) != 0;
}

/* Every life that can be reached, each entered by every event that leads there. */
void
walk (const std::function<void (QuiltLife, QuiltLifeEvent, const QuiltLifeStep &)> &see)
{
  std::set<std::pair<guint, guint>> seen = {{QUILT_PHASE_IDLE, QUILT_FILES_KEPT}};
  std::vector<QuiltLife> todo = {{QUILT_PHASE_IDLE, QUILT_FILES_KEPT}};

  while (!todo.empty ()) {
    const QuiltLife life = todo.back ();

    todo.pop_back ();
    for (guint i = 0; i < QUILT_LIFE_EVENTS; i++) {
      QuiltLifeStep step;

      /* Nobody starts what is to be removed; see quilt_container_start(). */
      if (quilt_life_is_doomed (life) && i <= QUILT_LIFE_BAR)
        continue;
      if (!quilt_life_step (life, event_of (i), &step))
        continue;
      see (life, event_of (i), step);
      if (seen.insert ({step.next.phase, step.next.files}).second)
        todo.push_back (step.next);
    }
  }
}

} // namespace

TEST (Life, EveryPairOfPhaseAndEvent)
{
  ASSERT_EQ (states_of (runs).size (), static_cast<gsize> (QUILT_PHASES));
  for (guint i = 0; i < QUILT_PHASES; i++)
    for (guint j = 0; j < QUILT_LIFE_EDIT; j++) {
      const string phase = quilt_phase_to_string (phase_of (i));
      const string event = quilt_life_event_to_string (event_of (j));
      string found = impossible;
      QuiltLifeStep step;

      if (quilt_life_step ({phase_of (i), QUILT_FILES_KEPT}, event_of (j), &step)) {
        EXPECT_EQ (step.next.files, QUILT_FILES_KEPT);
        found = step_text (quilt_phase_to_string (step.next.phase), words (step));
      }
      EXPECT_EQ (found, expected_step (runs, phase, event)) << phase << " " << event;
    }
}

TEST (Life, EveryPairOfFilesAndEvent)
{
  ASSERT_EQ (states_of (files).size (), static_cast<gsize> (QUILT_FILES));
  for (guint i = 0; i < QUILT_FILES; i++)
    for (guint j = QUILT_LIFE_EDIT; j < QUILT_LIFE_EVENTS; j++) {
      const string name = quilt_files_to_string (files_of (i));
      const string event = quilt_life_event_to_string (event_of (j));
      string found = impossible;
      QuiltLifeStep step;

      if (quilt_life_step ({QUILT_PHASE_RUNNING, files_of (i)}, event_of (j), &step)) {
        EXPECT_EQ (step.next.phase, QUILT_PHASE_RUNNING);
        found = step_text (quilt_files_to_string (step.next.files), words (step));
      }
      EXPECT_EQ (found, expected_step (files, name, event)) << name << " " << event;
    }
}

/* Each event in each life gives the effects of its row, and those that are due. */
TEST (Life, EveryLifeAndEvent)
{
  for (guint i = 0; i < QUILT_PHASES * QUILT_FILES * QUILT_LIFE_EVENTS; i++) {
    const QuiltLife life = {phase_of (i % QUILT_PHASES), files_of (i / QUILT_PHASES % QUILT_FILES)};
    const QuiltLifeEvent event = event_of (i / (QUILT_PHASES * QUILT_FILES));
    const bool of_run = event < QUILT_LIFE_EDIT;
    string phase = quilt_phase_to_string (life.phase), kept = quilt_files_to_string (life.files);
    const string what = phase + " " + kept + " " + quilt_life_event_to_string (event);
    const StepRow *row = find_step (of_run ? runs : files, of_run ? phase : kept,
                                    quilt_life_event_to_string (event));
    QuiltLifeStep step;

    ASSERT_EQ (quilt_life_step (life, event, &step), row != nullptr) << what;
    if (!row)
      continue;
    (of_run ? phase : kept) = row->to;
    const StepRow *more = find_step (due, kept, phase);
    std::multiset<string> effects = effects_of (row->effects);

    if (more)
      effects.merge (effects_of (more->effects));
    EXPECT_EQ (effects_of (words (step)), effects) << what;
    EXPECT_EQ (quilt_phase_to_string (step.next.phase), phase) << what;
    EXPECT_EQ (quilt_files_to_string (step.next.files), more ? more->to : kept) << what;
  }
}

/* In the order in which quiltd carries them out. */
TEST (Life, EffectsHaveTheirWords)
{
  const string all = "show failed quietly, bury, show-end, take-state, known, allow, call-off, "
                     "cancel, stop, kill, release, finish, answer, refuse, leave, delete, keep, "
                     "vanish, removed, start-again, mark, record";
  const QuiltLife life = {QUILT_PHASE_IDLE, QUILT_FILES_KEPT};
  string found;

  for (guint i = 0; i < QUILT_STATE_FAILED + 1; i++)
    EXPECT_EQ (words ({life, QUILT_DO_SHOW, static_cast<QuiltState> (i), FALSE}),
               string ("show ") + quilt_state_to_string (static_cast<QuiltState> (i)));
  for (guint bit = 1; bit <= QUILT_DO_RECORD; bit <<= 1)
    found += (bit > 1 ? ", " : "") +
             words ({life, static_cast<QuiltEffects> (bit), QUILT_STATE_FAILED, TRUE});
  EXPECT_EQ (found, all);
  EXPECT_EQ (
      words ({life, static_cast<QuiltEffects> (2 * QUILT_DO_RECORD - 1), QUILT_STATE_FAILED, TRUE}),
      all);
  EXPECT_EQ (words ({life, static_cast<QuiltEffects> (0), QUILT_STATE_PENDING, FALSE}), "");
}

/* A run's supervisor is let go once, and after that nothing is done to the run any more. */
TEST (Life, OnlyARunThatIsThereIsTouched)
{
  const QuiltEffects touches =
      static_cast<QuiltEffects> (QUILT_DO_ALLOW | QUILT_DO_CALL_OFF | QUILT_DO_CANCEL |
                                 QUILT_DO_STOP | QUILT_DO_KILL | QUILT_DO_RELEASE);

  walk ([&] (QuiltLife life, QuiltLifeEvent event, const QuiltLifeStep &step) {
    if (has (step, touches)) {
      EXPECT_FALSE (quilt_life_is_over (life)) << quilt_life_event_to_string (event);
      EXPECT_NE (life.phase, QUILT_PHASE_UNSTARTED);
    }
    EXPECT_EQ (has (step, QUILT_DO_RELEASE),
               step.next.phase == QUILT_PHASE_SETTLING && life.phase != QUILT_PHASE_SETTLING);
    EXPECT_EQ (has (step, QUILT_DO_LEAVE), step.next.phase == QUILT_PHASE_IDLE &&
                                               life.phase != QUILT_PHASE_IDLE &&
                                               life.phase != QUILT_PHASE_UNSTARTED);
  });
}

/* Recovery waits for each run that was found, and hears of it once. */
TEST (Life, WhatWasFoundBecomesKnownOnce)
{
  const auto is_found = [] (QuiltLife life) {
    return life.phase == QUILT_PHASE_FOUND || life.phase == QUILT_PHASE_FOUND_CUT ||
           life.phase == QUILT_PHASE_FOUND_ENDED;
  };

  walk ([&] (QuiltLife life, QuiltLifeEvent, const QuiltLifeStep &step) {
    EXPECT_EQ (has (step, QUILT_DO_KNOWN), is_found (life) && !is_found (step.next));
  });
}

/* Nobody is told of an end before it is on the disk, and everybody is told when it is. */
TEST (Life, AnEndIsRecordedBeforeItIsTold)
{
  walk ([&] (QuiltLife life, QuiltLifeEvent event, const QuiltLifeStep &step) {
    bool tells = has (step, QUILT_DO_FINISH);

    EXPECT_EQ (tells, !quilt_life_is_over (life) && quilt_life_is_over (step.next));
    EXPECT_TRUE (!tells || event == QUILT_LIFE_RECORDED || event == QUILT_LIFE_END_KNOWN);
    EXPECT_EQ (event == QUILT_LIFE_END || event == QUILT_LIFE_BAR ||
                   (life.phase == QUILT_PHASE_OVER && quilt_life_is_ending (step.next)),
               quilt_life_is_ending (step.next) &&
                   (!quilt_life_is_ending (life) || life.phase == QUILT_PHASE_OVER));
  });
}

/* The files of what runs are never deleted, nor is an object taken away that has something left. */
TEST (Life, NothingIsDeletedThatIsInUse)
{
  walk ([&] (QuiltLife life, QuiltLifeEvent, const QuiltLifeStep &step) {
    if (has (step, QUILT_DO_DELETE)) {
      EXPECT_TRUE (quilt_life_is_over (step.next));
      EXPECT_EQ (step.next.files, QUILT_FILES_DELETING);
    }
    EXPECT_EQ (has (step, QUILT_DO_VANISH),
               step.next.files == QUILT_FILES_GONE && life.files != QUILT_FILES_GONE);
    EXPECT_EQ (has (step, QUILT_DO_REMOVED),
               step.next.files == QUILT_FILES_GONE && step.next.phase == QUILT_PHASE_IDLE);
    /* The supervisor of a container that vanishes does not linger. */
    EXPECT_TRUE (step.next.files != QUILT_FILES_GONE || step.next.phase == QUILT_PHASE_IDLE ||
                 step.next.phase == QUILT_PHASE_CLOSING);
    /* Effects that are due are in the step: nothing may wait for an event that may never come. */
    EXPECT_FALSE (step.next.files == QUILT_FILES_DOOMED && quilt_life_is_over (step.next));
    EXPECT_FALSE (step.next.files == QUILT_FILES_DELETED && step.next.phase == QUILT_PHASE_IDLE);
  });
}

/* The table for readers is this one. */
TEST (Life, ArchitectureShowsIt)
{
  EXPECT_TRUE (architecture_shows ("| phase | event | next phase | effects |", runs));
  EXPECT_TRUE (architecture_shows ("| files | event | next | effects |", files));
  EXPECT_TRUE (architecture_shows ("| files | phase | then | more effects |", due));
}

/* A container that has work under way keeps quiltd from exiting as idle. */
TEST (Life, AtRestIsOnlyWhatNothingGoesOnWith)
{
  for (guint phase = 0; phase < QUILT_PHASES; phase++)
    for (guint files = 0; files < QUILT_FILES; files++) {
      const QuiltLife life = {static_cast<QuiltPhase> (phase), static_cast<QuiltFiles> (files)};
      const bool expected =
          phase == QUILT_PHASE_IDLE && (files == QUILT_FILES_KEPT || files == QUILT_FILES_GONE);

      EXPECT_EQ (quilt_life_is_at_rest (life), expected)
          << quilt_phase_to_string (life.phase) << " " << quilt_files_to_string (life.files);
    }
}
