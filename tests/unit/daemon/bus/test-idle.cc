/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When nothing goes on, and for how long. */
#include "base/check.h"

#include <thread>

extern "C" {
#include "daemon/bus/idle.h"
#include "spec/quantities.h"
}

namespace
{

const guint64 MSEC = 1000;

class Idle : public testing::Test
{
protected:
  QuiltActivity *calls = quilt_activity_new (), *work = quilt_activity_new ();
  QuiltIdle *idle = quilt_idle_new (calls, work, on_idle, this);
  int times = 0;

  ~Idle () override
  {
    quilt_idle_free (idle);
    quilt_activity_unref (calls);
    quilt_activity_unref (work);
  }

  static void on_idle (gpointer data)
  {
    static_cast<Idle *> (data)->times++;
  }

  /* Everything that is due. */
  static void settle ()
  {
    while (g_main_context_iteration (nullptr, FALSE))
      ;
  }

  /* Until the next time. The microseconds that it took. */
  gint64 wait ()
  {
    const gint64 begin = g_get_monotonic_time ();

    for (const int before = times; times == before;)
      g_main_context_iteration (nullptr, TRUE);
    return g_get_monotonic_time () - begin;
  }
};

} // namespace

TEST_F (Idle, NothingHappensBeforeATimeIsSetNorWithoutOne)
{
  for (int i = 0; i < 2; i++) {
    quilt_activity_begin (calls);
    quilt_activity_end (calls);
    settle ();
    EXPECT_FALSE (g_main_context_pending (nullptr));
    quilt_idle_set (idle, QUILT_INFINITY);
  }
  EXPECT_EQ (times, 0);
}

TEST_F (Idle, TheTimeBeginsWhenItIsSet)
{
  quilt_idle_set (idle, 20 * MSEC);
  EXPECT_EQ (times, 0);
  EXPECT_GE (wait (), (gint64)(20 * MSEC));
  settle ();
  EXPECT_EQ (times, 1);
}

TEST_F (Idle, AtOnceIfNoTimeIsLeft)
{
  quilt_idle_set (idle, 0);
  EXPECT_EQ (times, 1);
  quilt_activity_begin (work);
  quilt_idle_set (idle, 0);
  EXPECT_EQ (times, 1);
  EXPECT_FALSE (quilt_idle_is_quiet (idle));
  quilt_activity_end (work);
  EXPECT_TRUE (quilt_idle_is_quiet (idle));
  EXPECT_EQ (times, 1) << "not within an end";
  settle ();
  EXPECT_EQ (times, 2);
}

/* A timer that finds something going on is not set again before its end. */
TEST_F (Idle, NothingIsLookedAtWhileSomethingGoesOn)
{
  for (QuiltActivity *activity : {calls, work}) {
    const int before = times;

    quilt_activity_begin (activity);
    quilt_idle_set (idle, MSEC);
    settle ();
    EXPECT_EQ (g_main_context_find_source_by_user_data (nullptr, idle), nullptr);
    quilt_activity_end (activity);
    EXPECT_GE (wait (), (gint64)MSEC);
    EXPECT_EQ (times, before + 1);
  }
}

/* The timer is not moved by each call, but a call counts. */
TEST_F (Idle, ACallPutsItOff)
{
  quilt_idle_set (idle, 30 * MSEC);
  g_timeout_add (
      20,
      [] (gpointer data) -> gboolean {
        quilt_activity_begin (static_cast<QuiltActivity *> (data));
        quilt_activity_end (static_cast<QuiltActivity *> (data));
        return G_SOURCE_REMOVE;
      },
      calls);
  EXPECT_GE (wait (), (gint64)(50 * MSEC));
}

TEST_F (Idle, OverlappingThingsAndOtherThreads)
{
  quilt_activity_begin (calls);
  quilt_idle_set (idle, 0);
  std::thread ([this] {
    for (int i = 0; i < 1000; i++)
      quilt_activity_begin (calls);
    for (int i = 0; i < 1000; i++)
      quilt_activity_end (calls);
  }).join ();
  settle ();
  EXPECT_EQ (times, 0);
  std::thread ([this] { quilt_activity_end (calls); }).join ();
  EXPECT_EQ (times, 0) << "only in the main context";
  wait ();
  EXPECT_EQ (times, 1);
}
