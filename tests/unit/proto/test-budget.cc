/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How containers share the journal: by a clock of the test's own. Fault 10. */
#include <gtest/gtest.h>

extern "C" {
#include "proto/budget.h"
}

#include <vector>

static const guint64 MIB = 1024 * 1024;
static const gint64 SECOND = G_USEC_PER_SEC;

class BudgetTest : public testing::Test
{
protected:
  void SetUp () override
  {
    quilt_budget_set (&page, 32 * MIB, 3600);
  }

  QuiltBudget join ()
  {
    QuiltBudget budget = {};

    budget.page = &page;
    return budget;
  }

  /* Writes for a time as much as it may, and returns how much. */
  guint64 flood (std::vector<QuiltBudget> &all, gint64 seconds)
  {
    guint64 written = 0;

    for (gint64 end = now + seconds * SECOND; now < end; now += SECOND)
      for (bool any = true; any;) {
        any = false;
        for (QuiltBudget &budget : all)
          if (quilt_budget_get_wait (&budget, now) == 0) {
            quilt_budget_charge (&budget, 700, now);
            written += 700;
            any = true;
          }
      }
    return written;
  }

  QuiltBudgetPage page = {};
  gint64 now = 1000 * SECOND;
};

TEST_F (BudgetTest, AFloodGetsHalfAtOnceAndThenARate)
{
  std::vector<QuiltBudget> all = {join ()};

  EXPECT_NEAR ((double)flood (all, 1), 16.0 * MIB, 0.1 * MIB);
  EXPECT_NEAR ((double)flood (all, 3600), 16.0 * MIB, 1.5 * MIB);
  quilt_budget_charge (&all[0], MIB, now);
  EXPECT_EQ (quilt_budget_get_wait (&all[0], now + SECOND / 4), now + SECOND);
}

/* With SystemMaxUse=64M and half of that as the share: ten minutes leave the other half. */
TEST_F (BudgetTest, AllTogetherLeaveTheRestOfTheJournalAlone)
{
  for (guint n : {1u, 3u, 30u}) {
    std::vector<QuiltBudget> all;

    page.used = 0;
    for (guint i = 0; i < n; i++)
      all.push_back (join ());
    EXPECT_LT (flood (all, 600), 42 * MIB) << n;
  }
}

TEST_F (BudgetTest, FloodsShareAndAQuietContainerIsNotHeld)
{
  std::vector<QuiltBudget> all = {join (), join (), join ()};
  QuiltBudget quiet = join ();

  flood (all, 600);
  for (const QuiltBudget &budget : all)
    EXPECT_NEAR ((double)budget.own, 8.0 * MIB, 0.5 * MIB);
  for (int i = 0; i < 1000; i++) {
    EXPECT_EQ (quilt_budget_get_wait (&quiet, now), 0);
    quilt_budget_charge (&quiet, 700, now);
  }
}

TEST_F (BudgetTest, ALittleIsAlwaysAllowed)
{
  QuiltBudget budget = join ();

  page.used = (guint64)1000 << 32 | G_MAXUINT32; /* as much as can be counted */
  EXPECT_EQ (quilt_budget_get_wait (&budget, now), 0);
  quilt_budget_charge (&budget, 32 * MIB / 1024, now);
  EXPECT_GT (quilt_budget_get_wait (&budget, now), 0);
  quilt_budget_credit (&budget);
  EXPECT_EQ (quilt_budget_get_wait (&budget, now), 0);
}

TEST_F (BudgetTest, OldOutputStopsCounting)
{
  QuiltBudget budget = join ();

  quilt_budget_charge (&budget, 1000 * MIB, now);
  EXPECT_GT (quilt_budget_get_wait (&budget, now), 0);
  EXPECT_GT (quilt_budget_get_wait (&budget, now + 3600 * SECOND), 0);
  EXPECT_EQ (quilt_budget_get_wait (&budget, now + 6 * 3600 * SECOND), 0);
  EXPECT_EQ (quilt_budget_get_wait (&budget, now + (gint64)1e9 * SECOND), 0);
}

TEST_F (BudgetTest, ALimitThatIsSetHoldsForAllAtOnce)
{
  QuiltBudget budget = join ();
  QuiltBudget without = {};

  quilt_budget_set (&page, G_MAXUINT64, 3600);
  quilt_budget_charge (&budget, 100 * MIB, now);
  EXPECT_EQ (quilt_budget_get_wait (&budget, now), 0);
  quilt_budget_set (&page, 32 * MIB, 3600);
  EXPECT_GT (quilt_budget_get_wait (&budget, now), 0);
  budget.lifted = TRUE;
  EXPECT_EQ (quilt_budget_get_wait (&budget, now), 0);
  quilt_budget_charge (&without, 100 * MIB, now);
  EXPECT_EQ (quilt_budget_get_wait (&without, now), 0);
}

TEST_F (BudgetTest, StrangeIntervalsDoNoHarm)
{
  for (guint64 interval : {(guint64)0, (guint64)1, (guint64)7, G_MAXUINT64}) {
    QuiltBudget budget = join ();

    quilt_budget_set (&page, 32 * MIB, interval);
    page.used = 0;
    quilt_budget_charge (&budget, G_GUINT64_CONSTANT (1) << 40, now);
    EXPECT_GT (quilt_budget_get_wait (&budget, now), 0) << interval;
    EXPECT_GT (quilt_budget_get_wait (&budget, now - 5 * SECOND), 0) << "a clock that is behind";
    EXPECT_EQ (quilt_budget_get_wait (&budget, now + (gint64)1e9 * SECOND), 0) << interval;
  }
}

/* A run of its own: writes as much as it may, ends, says its last words, and is counted. */
static guint64
run_once (QuiltBudgetPage *page, guint32 caller, guint64 least, gint64 now)
{
  QuiltBudget budget = {};
  guint64 written = 0;

  budget.page = page;
  budget.caller = caller;
  for (bool ended = false;; ended = true) {
    while (written < least && quilt_budget_get_wait (&budget, now) == 0) {
      quilt_budget_charge (&budget, 700, now);
      written += 700;
    }
    if (ended)
      break;
    quilt_budget_credit (&budget);
  }
  quilt_budget_settle (&budget, now);
  return written;
}

/* A loop of short runs: of one line each, and of as much as each gets. */
TEST_F (BudgetTest, ManyShortRunsGetNoMoreThanTheShare)
{
  struct {
    guint64 each;
    int runs;
  } loops[] = {{700, 200000}, {100 * MIB, 20000}};

  for (auto loop : loops) {
    guint64 written = 0;

    page = {};
    quilt_budget_set (&page, 32 * MIB, 3600);
    for (int i = 0; i < loop.runs; i++)
      written += run_once (&page, 1000, loop.each, now);
    EXPECT_LT (written, 33 * MIB) << loop.each;
    EXPECT_EQ (run_once (&page, 1000, 700, now), 0u) << loop.each;
  }
}

TEST_F (BudgetTest, OneOwnersLoopLeavesRoomForOtherOwners)
{
  for (int i = 0; i < 20000; i++)
    run_once (&page, 1000, 100 * MIB, now);
  for (int i = 0; i < 10; i++)
    EXPECT_EQ (run_once (&page, 1001, 7000, now), 7000u);
  now += 8 * 3600 * SECOND;
  EXPECT_EQ (run_once (&page, 1000, 700, now), 700u);
}
