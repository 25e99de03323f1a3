/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The remembered ends of removed containers, for callers that ask shortly after the removal. */
#include <gtest/gtest.h>

extern "C" {
#include "daemon/containers/tombs.h"
}

#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

TEST (Tombs, RemembersTheLastOnes)
{
  g_autoptr (QuiltTombs) tombs = quilt_tombs_new (2, -1);
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

class TombsOnDisk : public testing::Test
{
protected:
  void SetUp () override
  {
    path = g_dir_make_tmp ("quilt-tombs-XXXXXX", NULL);
    fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }

  void TearDown () override
  {
    std::filesystem::remove_all (path);
    close (fd);
    g_free (path);
  }

  char *path;
  int fd;
};

static const char first[] = "11111111111111111111111111111111";
static const char second[] = "22222222222222222222222222222222";
static const char third[] = "00000000000000000000000000000003";

TEST_F (TombsOnDisk, OutliveWhoDugThem)
{
  const char *reason = NULL;
  int code = 42;

  {
    g_autoptr (QuiltTombs) tombs = quilt_tombs_new (9, fd);
    quilt_tombs_add (tombs, first, 5, "exited");
    quilt_tombs_add (tombs, first, -1, "lost");
    quilt_tombs_add (tombs, second, -1, "lost");
  }
  g_autoptr (QuiltTombs) tombs = quilt_tombs_new (9, fd);
  ASSERT_TRUE (quilt_tombs_find (tombs, first, &code, &reason));
  EXPECT_EQ (code, 5);
  EXPECT_STREQ (reason, "exited");
  ASSERT_TRUE (quilt_tombs_find (tombs, second, &code, &reason));
  EXPECT_EQ (code, -1);
}

TEST_F (TombsOnDisk, TheOldestGoesFirstAlsoFromTheDisk)
{
  const char *reason = NULL;
  int code = 42;

  {
    g_autoptr (QuiltTombs) tombs = quilt_tombs_new (2, fd);
    for (const char *id : {first, second, third})
      quilt_tombs_add (tombs, id, 1, "exited");
  }
  EXPECT_NE (faccessat (fd, first, F_OK, AT_SYMLINK_NOFOLLOW), 0);
  /* The file system's clock ticks too slowly to tell them apart. */
  const struct timespec before[] = {{1, 0}, {1, 0}};
  ASSERT_EQ (utimensat (fd, second, before, AT_SYMLINK_NOFOLLOW), 0);
  g_autoptr (QuiltTombs) tombs = quilt_tombs_new (1, fd);
  EXPECT_FALSE (quilt_tombs_find (tombs, second, &code, &reason));
  EXPECT_TRUE (quilt_tombs_find (tombs, third, &code, &reason));
}

TEST_F (TombsOnDisk, IgnoresMalformedLinks)
{
  const char *reason = NULL;
  int code = 42;

  for (const char *text : {"x exited", "256 exited", "7", "999999999999999999999 exited"}) {
    ASSERT_EQ (symlinkat (text, fd, first), 0);
    g_autoptr (QuiltTombs) tombs = quilt_tombs_new (9, fd);
    EXPECT_FALSE (quilt_tombs_find (tombs, first, &code, &reason)) << text;
    unlinkat (fd, first, 0);
  }
  EXPECT_EQ (code, 42);
}
