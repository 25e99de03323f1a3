/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much unfinished work one user may have. */
#include "base/check.h"

extern "C" {
#include "daemon/quota.h"
}

TEST (Quota, OneUserIsStoppedAndNobodyElse)
{
  g_autoptr (QuiltQuota) quota = quilt_quota_new (2);
  Error error;

  EXPECT_TRUE (quilt_quota_enter (quota, 1000, error.out ()));
  EXPECT_TRUE (quilt_quota_enter (quota, 1000, error.out ()));
  EXPECT_FALSE (quilt_quota_enter (quota, 1000, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_QUOTA_EXCEEDED, "User 1000 has 2 unfinished calls"));
  EXPECT_EQ (quilt_quota_get_pending (quota, 1000), 2u);
  EXPECT_TRUE (quilt_quota_enter (quota, 1001, error.out ()));

  quilt_quota_leave (quota, 1000);
  EXPECT_TRUE (quilt_quota_enter (quota, 1000, error.out ()));
  quilt_quota_leave (quota, 1000);
  quilt_quota_leave (quota, 1000);
  EXPECT_EQ (quilt_quota_get_pending (quota, 1000), 0u);
}

TEST (Quota, RootIsNeverStopped)
{
  g_autoptr (QuiltQuota) quota = quilt_quota_new (1);

  for (int i = 0; i < 100; i++)
    EXPECT_TRUE (quilt_quota_enter (quota, 0, nullptr));
}

TEST (Quota, TheLargestUidIsAUserLikeAnyOther)
{
  g_autoptr (QuiltQuota) quota = quilt_quota_new (1);

  EXPECT_TRUE (quilt_quota_enter (quota, G_MAXUINT32 - 1, nullptr));
  EXPECT_FALSE (quilt_quota_enter (quota, G_MAXUINT32 - 1, nullptr));
}

TEST (Quota, ANewMaximumHoldsForTheNext)
{
  g_autoptr (QuiltQuota) quota = quilt_quota_new (1);

  EXPECT_TRUE (quilt_quota_enter (quota, 1000, nullptr));
  quilt_quota_set_max (quota, 2);
  EXPECT_TRUE (quilt_quota_enter (quota, 1000, nullptr));
  quilt_quota_set_max (quota, 1);
  EXPECT_FALSE (quilt_quota_enter (quota, 1000, nullptr));
}
