/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much unfinished work one user may have. */
#include "base/check.h"

extern "C" {
#include "daemon/bus/quota.h"
}

TEST (Quota, LimitsEachUserAlone)
{
  g_autoptr (QuiltQuota) quota = quilt_quota_new (2);
  Error error;

  EXPECT_TRUE (quilt_quota_enter (quota, 1000, FALSE, error.out ()));
  EXPECT_TRUE (quilt_quota_enter (quota, 1000, FALSE, error.out ()));
  EXPECT_FALSE (quilt_quota_enter (quota, 1000, FALSE, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_QUOTA_EXCEEDED, "User 1000 has 2 unfinished calls and jobs"));
  EXPECT_EQ (quilt_quota_get_pending (quota, 1000), 2u);
  EXPECT_TRUE (quilt_quota_enter (quota, 1001, FALSE, error.out ()));

  quilt_quota_leave (quota, 1000);
  EXPECT_TRUE (quilt_quota_enter (quota, 1000, FALSE, error.out ()));
  quilt_quota_leave (quota, 1000);
  quilt_quota_leave (quota, 1000);
  EXPECT_EQ (quilt_quota_get_pending (quota, 1000), 0u);
}

TEST (Quota, RootIsNeverStopped)
{
  g_autoptr (QuiltQuota) quota = quilt_quota_new (1);

  for (int i = 0; i < 100; i++)
    EXPECT_TRUE (quilt_quota_enter (quota, 0, FALSE, nullptr));
}

TEST (Quota, TheLargestUidIsAUserLikeAnyOther)
{
  g_autoptr (QuiltQuota) quota = quilt_quota_new (1);

  EXPECT_TRUE (quilt_quota_enter (quota, G_MAXUINT32 - 1, FALSE, nullptr));
  EXPECT_FALSE (quilt_quota_enter (quota, G_MAXUINT32 - 1, FALSE, nullptr));
}

TEST (Quota, ANewMaximumHoldsForTheNext)
{
  g_autoptr (QuiltQuota) quota = quilt_quota_new (1);

  EXPECT_TRUE (quilt_quota_enter (quota, 1000, FALSE, nullptr));
  quilt_quota_set_max (quota, 2);
  EXPECT_TRUE (quilt_quota_enter (quota, 1000, FALSE, nullptr));
  quilt_quota_set_max (quota, 1);
  EXPECT_FALSE (quilt_quota_enter (quota, 1000, FALSE, nullptr));
}

/* Fault 15. */
TEST (Quota, KeepsRoomForCallsThatFree)
{
  g_autoptr (QuiltQuota) quota = quilt_quota_new (1);
  Error error;

  EXPECT_TRUE (quilt_quota_enter (quota, 1000, FALSE, nullptr));
  EXPECT_TRUE (quilt_quota_enter (quota, 1000, TRUE, nullptr));
  EXPECT_FALSE (quilt_quota_enter (quota, 1000, TRUE, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_QUOTA_EXCEEDED, "or cancel a job"));
}
