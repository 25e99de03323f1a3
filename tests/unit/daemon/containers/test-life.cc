/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of a container's life: every pair of state and event, and what holds on every way
 * through it. */
#include "base/check.h"

#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>

extern "C" {
#include "daemon/containers/life.h"
}

using std::string;

namespace
{

/* For each phase the events that can happen in it, and where they lead. No other can. */
const std::map<string, string> runs = {
    {"idle", "found>found unfound>idle missed>idle begin>begun bar>unstarted"},
    {"begun", "marked>setting-up unmarked>setting-up stop>cut kill>cut end>over"},
    {"cut", "marked>stopping unmarked>stopping stop>cut kill>cut end>over"},
    {"over", "marked>ended unmarked>ended stop>over kill>over"},
    {"setting-up", "step>setting-up last-step>stopping executed>running executed-cut>stopping "
                   "stop>stopping kill>stopping end>ended"},
    {"running", "executed>running executed-cut>stopping stop>stopping kill>running end>ended"},
    {"stopping", "step>stopping last-step>stopping executed>stopping executed-cut>stopping "
                 "stop>stopping kill>stopping end>ended"},
    {"found", "step>setting-up last-step>stopping executed>running executed-cut>stopping "
              "stop>found-cut kill>found end>found-ended end-known>settling"},
    {"found-cut", "step>stopping last-step>stopping executed>stopping executed-cut>stopping "
                  "stop>found-cut kill>found-cut end>found-ended end-known>settling"},
    {"unstarted", "stop>unstarted kill>unstarted recorded>idle"},
    {"ended", "stop>ended kill>ended recorded>settling"},
    {"found-ended", "stop>found-ended kill>found-ended recorded>settling"},
    {"settling", "linger>lingering close>closing settled>idle"},
    {"closing", "settled>idle"},
    {"lingering", "linger>lingering settled>idle"},
};

const std::map<string, string> files = {
    {"kept", "edit>edited doom>doomed"},
    {"edited", "edit-end>kept doom>doomed-edited"},
    {"doomed-edited", "edit-end>doomed doom>doomed-edited"},
    {"doomed", "doom>doomed"},
    {"deleting", "doom>deleting deleted>deleted undeleted>kept"},
    {"deleted", "doom>deleted"},
    {"gone", ""},
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

string
join (const string &list, const string &event, const string &next)
{
  return list + (list.empty () ? "" : " ") + event + ">" + next;
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
  ASSERT_EQ (runs.size (), static_cast<gsize> (QUILT_PHASES));
  for (guint i = 0; i < QUILT_PHASES; i++) {
    const string phase = quilt_phase_to_string (phase_of (i));
    string found;

    for (guint j = 0; j < QUILT_LIFE_EDIT; j++) {
      QuiltLifeStep step;

      if (!quilt_life_step ({phase_of (i), QUILT_FILES_KEPT}, event_of (j), &step))
        continue;
      EXPECT_EQ (step.next.files, QUILT_FILES_KEPT);
      found = join (found, quilt_life_event_to_string (event_of (j)),
                    quilt_phase_to_string (step.next.phase));
    }
    EXPECT_EQ (found, runs.at (phase)) << phase;
  }
}

TEST (Life, EveryPairOfFilesAndEvent)
{
  ASSERT_EQ (files.size (), static_cast<gsize> (QUILT_FILES));
  for (guint i = 0; i < QUILT_FILES; i++) {
    const string name = quilt_files_to_string (static_cast<QuiltFiles> (i));
    string found;

    for (guint j = QUILT_LIFE_EDIT; j < QUILT_LIFE_EVENTS; j++) {
      QuiltLifeStep step;

      if (!quilt_life_step ({QUILT_PHASE_RUNNING, static_cast<QuiltFiles> (i)}, event_of (j),
                            &step))
        continue;
      EXPECT_EQ (step.next.phase, QUILT_PHASE_RUNNING);
      found = join (found, quilt_life_event_to_string (event_of (j)),
                    quilt_files_to_string (step.next.files));
    }
    EXPECT_EQ (found, files.at (name)) << name;
  }
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
  std::ifstream in (string (getenv ("QUILT_SOURCE")) + "/docs/architecture.md");
  std::stringstream text;

  text << in.rdbuf ();
  for (const auto *table : {&runs, &files})
    for (const auto &[name, events] : *table) {
      string row = "| `" + name + "` |";
      string pair;

      for (std::istringstream pairs (events); pairs >> pair;)
        row += " " + pair.replace (pair.find ('>'), 1, " → ") + " ·";
      if (!events.empty ())
        row.resize (row.size () - 3);
      EXPECT_NE (text.str ().find (row + " |"), string::npos) << row;
    }
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
