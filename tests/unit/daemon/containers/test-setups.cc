/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers that wait for the same setup steps of another. */
#include "base/check.h"

extern "C" {
#include "daemon/containers/setups.h"
}

using Array = std::unique_ptr<GPtrArray, void (*) (GPtrArray *)>;

class Setups : public testing::Test
{
protected:
  void SetUp () override
  {
    for (GObject *&container : containers)
      container = (GObject *)g_object_new (G_TYPE_OBJECT, nullptr);
  }

  void TearDown () override
  {
    quilt_setups_free (setups);
    for (GObject *container : containers) {
      EXPECT_EQ (container->ref_count, 1u);
      g_object_unref (container);
    }
  }

  Array end (const char *key, int container)
  {
    return Array (quilt_setups_end (setups, key, containers[container]), [] (GPtrArray *array) {
      if (array)
        g_ptr_array_unref (array);
    });
  }

  QuiltSetups *setups = quilt_setups_new ();
  GObject *containers[3];
};

TEST_F (Setups, NobodyWaitsForStepsThatDoNotRun)
{
  EXPECT_FALSE (quilt_setups_wait (setups, "a", containers[1]));
  EXPECT_EQ (end ("a", 0), nullptr);
  quilt_setups_begin (setups, "b", containers[0]);
  EXPECT_FALSE (quilt_setups_wait (setups, "a", containers[1]));
}

TEST_F (Setups, TheEndReleasesThoseThatWait)
{
  quilt_setups_begin (setups, "a", containers[0]);
  EXPECT_TRUE (quilt_setups_wait (setups, "a", containers[1]));
  EXPECT_TRUE (quilt_setups_wait (setups, "a", containers[2]));
  Array waiting = end ("a", 0);
  ASSERT_NE (waiting, nullptr);
  ASSERT_EQ (waiting->len, 2u);
  EXPECT_EQ (waiting->pdata[0], containers[1]);
  EXPECT_EQ (waiting->pdata[1], containers[2]);
  EXPECT_FALSE (quilt_setups_wait (setups, "a", containers[1]));
  EXPECT_EQ (end ("a", 0), nullptr);
}

TEST_F (Setups, OnlyTheFirstHasThem)
{
  quilt_setups_begin (setups, "a", containers[0]);
  quilt_setups_begin (setups, "a", containers[1]);
  EXPECT_TRUE (quilt_setups_wait (setups, "a", containers[2]));
  EXPECT_EQ (end ("a", 1), nullptr);
  EXPECT_EQ (end ("a", 0)->len, 1u);
}

TEST_F (Setups, ThoseThatStillWaitAreReleasedWithTheTable)
{
  quilt_setups_begin (setups, "a", containers[0]);
  EXPECT_TRUE (quilt_setups_wait (setups, "a", containers[1]));
}
