/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The claims of an archive's entry, as data. */
#include "check.h"

extern "C" {
#include "tar/entry.h"
}

TEST (Entry, PathsAreMadeRelativeToTheRoot)
{
  const struct {
    const char *name, *path;
  } cases[] = {
      {"a", "a"},
      {"/a/b", "a/b"},
      {"./a/./b/", "a/b"},
      {"a//b", "a/b"},
      {"./", ""},
      {".", ""},
      {"/", ""},
      {"...", "..."},
      {"..a/b..", "..a/b.."},
      {"\xff\n", "\xff\n"},
  };

  for (const auto &c : cases)
    EXPECT_EQ (take (quilt_entry_path (c.name, nullptr)), c.path) << c.name;
}

TEST (Entry, PathsThatAreRefused)
{
  const std::string bad[] = {"", "..", "a/..", "/../a", std::string (256, 'a'), [] {
                               std::string deep;
                               for (int i = 0; i < 257; i++)
                                 deep += "a/";
                               return deep;
                             }()};
  Error error;

  EXPECT_EQ (quilt_entry_path (nullptr, error.out ()), nullptr);
  for (const auto &name : bad) {
    EXPECT_EQ (quilt_entry_path (name.c_str (), error.out ()), nullptr) << name;
    EXPECT_TRUE (error.is (QUILT_ERROR_BAD_ARCHIVE, "")) << name;
  }
  EXPECT_EQ (take (quilt_entry_path (std::string (255, 'a').c_str (), nullptr)),
             std::string (255, 'a'));
}

TEST (Entry, Whiteouts)
{
  const struct {
    const char *path;
    int expected; /* -1: refused */
  } cases[] = {
      {"a", 0},       {"", 0},         {"a.wh.b", 0},       {".wh", 0},      {".wh.a", 1},
      {"d/.wh.a", 1}, {".wh.d/a", 1},  {".wh..wh..opq", 1}, {".wh..a", 1},   {".wh....", 1},
      {".wh.", -1},   {"d/.wh..", -1}, {"d/.wh...", -1},    {".wh../a", -1}, {".wh.a/.wh.", -1},
  };

  for (const auto &c : cases) {
    Error error;
    gboolean whiteout = 7;
    gboolean ok = quilt_entry_is_whiteout (c.path, &whiteout, error.out ());

    EXPECT_EQ (ok, c.expected >= 0) << c.path;
    EXPECT_EQ (whiteout, c.expected >= 0 ? c.expected : 7) << c.path;
  }
}

TEST (Entry, Owners)
{
  EXPECT_TRUE (quilt_entry_check_owner ("a", 0, G_MAXINT32, nullptr));
  for (gint64 id : {(gint64)-1, (gint64)G_MAXINT32 + 1, (gint64)G_MAXUINT32, G_MAXINT64}) {
    EXPECT_FALSE (quilt_entry_check_owner ("a", id, 0, nullptr)) << id;
    EXPECT_FALSE (quilt_entry_check_owner ("a", 0, id, nullptr)) << id;
  }
}

TEST (Entry, TimesAreKeptWhereTheyCanBe)
{
  EXPECT_EQ (quilt_entry_time (1000000000, 5).tv_sec, 1000000000);
  EXPECT_EQ (quilt_entry_time (1000000000, 5).tv_nsec, 5);
  EXPECT_EQ (quilt_entry_time (-1, 5).tv_sec, 0);
  EXPECT_EQ (quilt_entry_time (-1, 5).tv_nsec, 0);
  EXPECT_EQ (quilt_entry_time (0, 1000000000).tv_nsec, 0);
  EXPECT_LT (quilt_entry_time (G_MAXINT64, 0).tv_sec, INT64_C (1) << 35);
}

TEST (Entry, ExtendedAttributes)
{
  const struct {
    const char *name;
    bool kept;
  } cases[] = {
      {"security.capability", true},      {"user.mine", true},
      {"user.overlay.opaque", false},     {"trusted.overlay.opaque", false},
      {"security.capability2", false},    {"security.selinux", false},
      {"system.posix_acl_access", false}, {"", false},
  };

  for (const auto &c : cases)
    EXPECT_EQ (quilt_entry_keeps_xattr (c.name), c.kept) << c.name;
}
