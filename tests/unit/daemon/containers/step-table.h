/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The expected steps of a pure table, as the unit tests and docs/architecture.md show them. */
#pragma once

#include "base/check.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

/* The text for a pair of state and event that can't happen. */
inline const std::string impossible = "impossible";

/* One row. The step of each of the events, which spaces separate, leads to the state to and has
 * these effects. Without events: nothing can happen in the state. */
struct StepRow {
  std::string from, events, to, effects;
};

inline std::vector<std::string>
words_of (const std::string &text)
{
  std::istringstream in (text);
  std::vector<std::string> words;

  for (std::string word; in >> word;)
    words.push_back (word);
  return words;
}

/* The names of effects, without their order. */
inline std::multiset<std::string>
effects_of (const std::string &text)
{
  std::multiset<std::string> effects;

  for (std::size_t at = 0; at < text.size ();) {
    const std::size_t end = std::min (text.find (", ", at), text.size ());

    effects.insert (text.substr (at, end - at));
    at = end + 2;
  }
  return effects;
}

/* The row of a pair; nullptr: the pair is impossible. */
inline const StepRow *
find_step (const std::vector<StepRow> &table, const std::string &from, const std::string &event)
{
  for (const StepRow &row : table)
    for (const std::string &word : words_of (row.events))
      if (row.from == from && word == event)
        return &row;
  return nullptr;
}

/* The text of a step, for comparisons. */
inline std::string
step_text (const std::string &to, const std::string &effects)
{
  return to + ": " + effects;
}

/* The text of the step that the table expects. */
inline std::string
expected_step (const std::vector<StepRow> &table, const std::string &from, const std::string &event)
{
  const StepRow *row = find_step (table, from, event);

  return row ? step_text (row->to, row->effects) : impossible;
}

/* The states of a table. The test fails if the table has two rows for one pair. */
inline std::set<std::string>
states_of (const std::vector<StepRow> &table)
{
  std::set<std::string> states;
  std::set<std::string> pairs;

  for (const StepRow &row : table) {
    states.insert (row.from);
    for (const std::string &event : words_of (row.events))
      EXPECT_TRUE (pairs.insert (row.from + " " + event).second) << row.from << " " << event;
  }
  return states;
}

/* Whether docs/architecture.md has exactly this table, below these names of columns. */
inline testing::AssertionResult
architecture_shows (const std::string &heading, const std::vector<StepRow> &table)
{
  std::ifstream in (std::string (getenv ("QUILT_SOURCE")) + "/docs/architecture.md");
  std::stringstream text;
  std::string shown = heading + "\n|---|---|---|---|\n";

  text << in.rdbuf ();
  for (const StepRow &row : table) {
    std::string events;

    for (const std::string &event : words_of (row.events))
      events += (events.empty () ? "" : ", ") + event;
    shown += "| `" + row.from + "` | " + events + " | " + row.to + " | " + row.effects + " |\n";
  }
  if (text.str ().find ("\n" + shown + "\n") != std::string::npos)
    return testing::AssertionSuccess ();
  return testing::AssertionFailure () << "docs/architecture.md lacks this table:\n" << shown;
}
