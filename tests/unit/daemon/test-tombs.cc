/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How removed containers ended, for who asks a little late. */
#include <gtest/gtest.h>

extern "C" {
#include "daemon/tombs.h"
}

TEST (Tombs, RemembersTheLastOnes)
{
  g_autoptr (QuiltTombs) tombs = quilt_tombs_new (2);
  const char *reason = "untouched";
  int code = 42;

  quilt_tombs_add (tombs, "a", 1, "exited");
  quilt_tombs_add (tombs, "b", 137, "oom-killed");
  quilt_tombs_add (tombs, "c", -1, "lost");
  EXPECT_FALSE (quilt_tombs_find (tombs, "a", &code, &reason));
  EXPECT_FALSE (quilt_tombs_find (tombs, "", &code, &reason));
  EXPECT_EQ (code, 42);
  EXPECT_STREQ (reason, "untouched");
  EXPECT_TRUE (quilt_tombs_find (tombs, "b", &code, &reason));
  EXPECT_EQ (code, 137);
  EXPECT_STREQ (reason, "oom-killed");
  EXPECT_TRUE (quilt_tombs_find (tombs, "c", &code, &reason));
  EXPECT_EQ (code, -1);
  EXPECT_STREQ (reason, "lost");
}
