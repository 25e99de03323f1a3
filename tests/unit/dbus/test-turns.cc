/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fault 8: whose call is next, and how many may wait. */
#include "base/check.h"

extern "C" {
#include "dbus/server/turns.h"
}

namespace
{

using std::string;

class Turns : public testing::Test
{
protected:
  ~Turns () override
  {
    quilt_turns_free (turns);
  }

  void push (const string &caller, const string &call, gsize size = 100)
  {
    quilt_turns_push (turns, caller.c_str (), g_strdup (call.c_str ()), size);
  }

  /* "": none. */
  string take ()
  {
    g_autofree char *call = static_cast<char *> (quilt_turns_take (turns));

    return call ? call : "";
  }

  /* As many as are given out while none of them is done. */
  guint take_all ()
  {
    guint n = 0;

    while (!take ().empty ())
      n++;
    return n;
  }

  /* The next call, once the others are done. */
  string take_alone ()
  {
    const string call = take ();

    if (!call.empty ())
      quilt_turns_done (turns);
    return call;
  }

  QuiltTurns *turns = quilt_turns_new (g_free);
};

} // namespace

TEST_F (Turns, CallersTakeTurnsAndTheCallsOfEachStayInOrder)
{
  for (int i = 0; i < 3; i++)
    push (":1.1", "a" + std::to_string (i));
  for (int i = 0; i < 2; i++)
    push (":1.2", "b" + std::to_string (i));
  push (":1.3", "c0");
  for (const char *call : {"a0", "b0", "c0", "a1", "b1", "a2", ""})
    EXPECT_EQ (take_alone (), call);
}

TEST_F (Turns, ANewCallerGoesBeforeCallersWhoWaitAndNotTwice)
{
  for (int i = 0; i < 10; i++)
    for (int caller = 0; caller < 3; caller++)
      push (":1." + std::to_string (caller), std::to_string (caller));
  for (const char *call : {"0", "1", "2", "0"})
    EXPECT_EQ (take_alone (), call);
  push (":1.9", "new");
  EXPECT_EQ (take_alone (), "new");
  push (":1.9", "again");
  for (const char *call : {"1", "2", "0", "again", "1"})
    EXPECT_EQ (take_alone (), call);
}

TEST_F (Turns, FewCallsAreUnderWayAtOnce)
{
  for (int i = 0; i < 100; i++)
    push (":1.1", "x");
  EXPECT_EQ (take_all (), 8u);
  for (int i = 0; i < 3; i++)
    quilt_turns_done (turns);
  EXPECT_EQ (take_all (), 3u);
}

TEST_F (Turns, ALargeCallIsUnderWayAlone)
{
  push (":1.1", "small");
  push (":1.2", "large", 100000);
  push (":1.3", "small");
  EXPECT_EQ (take_all (), 1u);
  quilt_turns_done (turns);
  EXPECT_EQ (take (), "large");
  EXPECT_EQ (take (), "");
  quilt_turns_done (turns);
  EXPECT_EQ (take (), "small");
}

TEST_F (Turns, OneCallerHasRoomForAMebibyteOrOneCall)
{
  EXPECT_TRUE (quilt_turns_has_room (turns, ":1.1", 2 << 20, FALSE));
  push (":1.1", "x", 900000);
  EXPECT_TRUE (quilt_turns_has_room (turns, ":1.1", 100000, FALSE));
  EXPECT_FALSE (quilt_turns_has_room (turns, ":1.1", 200000, FALSE));
  EXPECT_TRUE (quilt_turns_has_room (turns, ":1.1", 200000, TRUE));
  EXPECT_FALSE (quilt_turns_has_room (turns, ":1.1", 1200000, TRUE));
  EXPECT_TRUE (quilt_turns_has_room (turns, ":1.2", 200000, FALSE));
  EXPECT_EQ (take_alone (), "x");
  EXPECT_TRUE (quilt_turns_has_room (turns, ":1.1", 200000, FALSE));
}

/* An empty call costs room too. */
TEST_F (Turns, EachCallCostsRoom)
{
  guint n = 0;

  for (; quilt_turns_has_room (turns, ":1.1", 0, FALSE); n++)
    push (":1.1", "x", 0);
  EXPECT_EQ (n, 4096u);
}

TEST_F (Turns, WhenAllRoomIsTakenANewCallerHasRoomForSmallCalls)
{
  for (int i = 0; i < 32; i++)
    push (":1." + std::to_string (i), "x", 1 << 20);
  EXPECT_FALSE (quilt_turns_has_room (turns, ":1.0", 100, FALSE));
  EXPECT_FALSE (quilt_turns_has_room (turns, ":1.99", 1 << 20, FALSE));
  EXPECT_TRUE (quilt_turns_has_room (turns, ":1.99", 60000, FALSE));
  push (":1.99", "x", 60000);
  EXPECT_TRUE (quilt_turns_has_room (turns, ":1.99", 5000, FALSE));
  EXPECT_FALSE (quilt_turns_has_room (turns, ":1.99", 10000, FALSE));
  EXPECT_TRUE (quilt_turns_has_room (turns, ":1.99", 10000, TRUE));
}

/* Each new connection is a new caller. */
TEST_F (Turns, ManyNewCallersDoNotStarveAnOldOne)
{
  push (":1.1", "old");
  EXPECT_EQ (take_alone (), "old");
  push (":1.1", "waits");
  for (int i = 0; i < 100; i++)
    push (":2." + std::to_string (i), "new");
  guint n = 0;
  while (take_alone () == "new")
    n++;
  EXPECT_LE (n, 8u);
}

TEST_F (Turns, IfManyCallsWaitThoseOfACallerWhoIsGoneGo)
{
  push (":1.1", "few");
  quilt_turns_forget (turns, ":1.1");
  EXPECT_EQ (take_alone (), "few");
  for (int i = 0; i < 100; i++)
    push (":2." + std::to_string (i), std::to_string (i), 60000);
  quilt_turns_forget (turns, ":2.0");
  quilt_turns_forget (turns, ":2.50");
  quilt_turns_forget (turns, ":2.100");
  for (int i = 1; i < 100; i += i == 49 ? 2 : 1)
    EXPECT_EQ (take_alone (), std::to_string (i));
  EXPECT_EQ (take_alone (), "");
}
