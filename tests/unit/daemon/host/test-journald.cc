/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How large the journal may become, by journald's configuration and its file system. */
#include "base/check.h"

extern "C" {
#include "daemon/host/journald.h"
#include "spec/options/options.h"
#include "spec/quantities.h"
}

#include <sys/statvfs.h>

#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

static const guint64 MIB = 1024 * 1024;

class JournaldTest : public testing::Test
{
protected:
  void SetUp () override
  {
    char name[] = "/tmp/quilt-test-XXXXXX";

    root = mkdtemp (name);
    write ("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
  }

  void TearDown () override
  {
    fs::remove_all (root);
  }

  void write (const std::string &path, const std::string &text)
  {
    fs::create_directories (fs::path (root + path).parent_path ());
    std::ofstream (root + path) << text;
  }

  void make_journal (const std::string &place)
  {
    fs::create_directories (root + place + "/log/journal/0123456789abcdef0123456789abcdef");
  }

  guint64 limit ()
  {
    return quilt_journald_get_limit (root.c_str ());
  }

  std::string root;
};

TEST_F (JournaldTest, WithoutAJournalThereIsNoLimit)
{
  EXPECT_EQ (limit (), QUILT_INFINITY);
  make_journal ("/var");
  EXPECT_NE (limit (), QUILT_INFINITY);
  write ("/etc/systemd/journald.conf", "[Journal]\nStorage=none\n");
  EXPECT_EQ (limit (), QUILT_INFINITY);
}

TEST_F (JournaldTest, TheDefaultIsATenthOfTheFileSystem)
{
  struct statvfs fs;

  make_journal ("/var");
  ASSERT_EQ (statvfs (root.c_str (), &fs), 0);
  EXPECT_LE (limit (), MAX (16 * MIB, MIN (4096 * MIB, fs.f_blocks * fs.f_frsize / 10)));
  EXPECT_GE (limit (), 16 * MIB);
}

TEST_F (JournaldTest, TheConfigurationCountsAsJournaldReadsIt)
{
  make_journal ("/run");
  write ("/etc/systemd/journald.conf",
         "# a comment = with this\n[Journal]\n; RuntimeMaxUse=1M\n RuntimeMaxUse = 10M \n");
  EXPECT_EQ (limit (), 10 * MIB);
  write ("/usr/lib/systemd/journald.conf.d/50.conf", "[Journal]\nRuntimeMaxUse=9M\n");
  EXPECT_EQ (limit (), 9 * MIB);
  write ("/etc/systemd/journald.conf.d/60.conf", "[Journal]\nRuntimeMaxUse=8M\nSystemMaxUse=7M\n");
  EXPECT_EQ (limit (), 8 * MIB);
  make_journal ("/var");
  EXPECT_EQ (limit (), 7 * MIB);
  write ("/etc/systemd/journald.conf.d/70.conf", "[Journal]\nStorage=volatile\n");
  EXPECT_EQ (limit (), 8 * MIB);
  write ("/etc/systemd/journald.conf.d/80.conf", "[Journal]\nRuntimeMaxUse=nonsense\n");
  EXPECT_GE (limit (), 16 * MIB) << "the default";
}

TEST_F (JournaldTest, SystemKeepFreeLowersTheLimit)
{
  make_journal ("/var");
  write ("/etc/systemd/journald.conf", "[Journal]\nSystemMaxUse=1G\nSystemKeepFree=1000T\n");
  EXPECT_EQ (limit (), 16 * MIB);
}
