// SPDX-License-Identifier: LGPL-2.1-or-later
// What the user may have meant.
#include <gtest/gtest.h>

extern "C" {
#include "ctl/image.h"
#include "ctl/suggest.h"
}

static const QuiltVerb verbs[] = {
    {.name = "list"}, {.name = "start"}, {.name = "stop"}, {.name = "remove"}, {}};

TEST (Suggest, NearAndFar)
{
  EXPECT_STREQ (quilt_suggest (verbs, "lis"), "list");
  EXPECT_STREQ (quilt_suggest (verbs, "lsit"), "list");
  EXPECT_STREQ (quilt_suggest (verbs, "strat"), "start");
  EXPECT_STREQ (quilt_suggest (verbs, "removed"), "remove");
  EXPECT_STREQ (quilt_suggest (verbs, "delete"), "remove");
  EXPECT_EQ (quilt_suggest (verbs, "frobnicate"), nullptr);
  EXPECT_EQ (quilt_suggest (verbs, ""), nullptr);
  EXPECT_EQ (quilt_suggest (verbs, "x"), nullptr);
  EXPECT_EQ (quilt_suggest (verbs, std::string (10000, 'l').c_str ()), nullptr);
}

TEST (Image, PathsAndNames)
{
  for (const char *path : {"/root.tar", "./root.tar", "../root.tar"})
    EXPECT_TRUE (quilt_image_is_path (path)) << path;
  for (const char *name : {"busybox", "library/busybox:1", "sha256:aa", "root.tar", ".hidden", ""})
    EXPECT_FALSE (quilt_image_is_path (name)) << name;
}
