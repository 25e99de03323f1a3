/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packing a tree, and reading it again. */
#include "fixture.h"

#include <sys/socket.h>
#include <sys/un.h>

class Pack : public Trees
{
};

TEST_F (Pack, ATreeComesBackAsItWas)
{
  const std::string large (700000, 'x'), name (120, 'n');
  struct timespec times[2] = {{1000000000, 123456789}, {1000000000, 123456789}};
  Error error;
  struct stat a, b;

  fs::create_directories (in / "top/a" / name / name);
  write_file (in / "top/a" / name / name / "deep", "deep");
  write_file (in / "top/large", large);
  write_file (in / "top/empty", "");
  fs::create_symlink (std::string (150, 't'), in / "top/link");
  fs::create_hard_link (in / "top/large", in / "top/large2");
  ASSERT_EQ (mkfifo ((in / "top/fifo").c_str (), 0640), 0);
  fs::permissions (in / "top/empty", fs::perms (0401));
  fs::permissions (in / "top/a", fs::perms (0500));
  ASSERT_EQ (utimensat (AT_FDCWD, (in / "top/large").c_str (), times, 0), 0);

  std::string bytes = pack ("top", "other", error.out ());
  ASSERT_TRUE (error.none ());
  ASSERT_TRUE (unpack (bytes, error.out ())) << error.message ();

  EXPECT_EQ (read_file (out / "other/large"), large);
  EXPECT_EQ (read_file (out / "other/a" / name / name / "deep"), "deep");
  EXPECT_EQ (fs::read_symlink (out / "other/link").string (), std::string (150, 't'));
  EXPECT_EQ (fs::hard_link_count (out / "other/large"), 2u);
  EXPECT_EQ (fs::status (out / "other/empty").permissions (), fs::perms (0401));
  EXPECT_EQ (fs::status (out / "other/a").permissions (), fs::perms (0500));
  ASSERT_EQ (lstat ((out / "other/fifo").c_str (), &a), 0);
  EXPECT_EQ (a.st_mode, mode_t (S_IFIFO | 0640));
  for (const char *path : {"top/large", "top/a", "top"}) {
    ASSERT_EQ (lstat ((in / path).c_str (), &a), 0);
    ASSERT_EQ (lstat ((out / ("other" + std::string (path + 3))).c_str (), &b), 0);
    EXPECT_EQ (a.st_mtim.tv_sec, b.st_mtim.tv_sec) << path;
    EXPECT_EQ (a.st_mtim.tv_nsec, b.st_mtim.tv_nsec) << path;
  }
  for (const auto &entry : fs::recursive_directory_iterator (out))
    EXPECT_EQ (entry.path ().filename ().string ().find (".quilt-copy"), std::string::npos);
}

TEST_F (Pack, GnuTarReadsIt)
{
  const std::string name (200, 'n');

  fs::create_directories (in / "top" / name);
  write_file (in / "top" / name / "file", "content");
  write_file (dir / "archive", pack ("top", "top"));
  ASSERT_EQ (system (("tar -C " + out.string () + " -xf " + (dir / "archive").string ()).c_str ()),
             0);
  EXPECT_EQ (read_file (out / "top" / name / "file"), "content");
}

TEST_F (Pack, TheContentAloneHasNoName)
{
  write_file (in / "file", "content");
  ASSERT_TRUE (unpack (pack (".", ""), nullptr, "top"));
  EXPECT_EQ (read_file (out / "top/file"), "content");
}

TEST_F (Pack, AHoleStaysAHole)
{
  Error error;
  struct stat st;

  write_file (in / "sparse", "");
  ASSERT_EQ (truncate ((in / "sparse").c_str (), 64 << 20), 0);
  ASSERT_TRUE (unpack (pack ("sparse", "sparse"), error.out ())) << error.message ();
  ASSERT_EQ (stat ((out / "sparse").c_str (), &st), 0);
  EXPECT_EQ (st.st_size, 64 << 20);
  EXPECT_LT (st.st_blocks, 2048);
}

/* The bytes that this process has read, also from memory. */
static guint64
count_read ()
{
  std::ifstream io ("/proc/self/io");
  std::string key;
  guint64 bytes = 0;

  io >> key >> bytes;
  EXPECT_EQ (key, "rchar:");
  return bytes;
}

TEST_F (Pack, HolesAreNotRead)
{
  Error error;
  const std::string file = in / "sparse";
  std::string expected (64 << 20, 0);

  write_file (file, "begin");
  ASSERT_EQ (truncate (file.c_str (), 64 << 20), 0);
  std::fstream (file, std::ios::in | std::ios::out).seekp (32 << 20) << "middle";
  const guint64 before = count_read ();
  const std::string archive = pack ("sparse", "sparse");
  EXPECT_LT (count_read () - before, archive.size () + (1 << 20)); /* the test reads the archive */
  ASSERT_TRUE (unpack (archive, error.out ())) << error.message ();
  expected.replace (0, 5, "begin").replace (32 << 20, 6, "middle");
  EXPECT_TRUE (read_file (out / "sparse") == expected);
}

TEST_F (Pack, SocketsAreLeftOut)
{
  struct sockaddr_un address = {AF_UNIX, ""};
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  snprintf (address.sun_path, sizeof address.sun_path, "%s/socket", in.c_str ());
  ASSERT_EQ (bind (fd, (struct sockaddr *)&address, sizeof address), 0);
  ASSERT_TRUE (unpack (pack (".", "")));
  close (fd);
  EXPECT_EQ (report.left[QUILT_TAR_LEFT_SOCKET], 1u);
  EXPECT_TRUE (fs::is_empty (out));
}

TEST_F (Pack, NothingIsReadFromTheKernel)
{
  Error error;

  fs::create_symlink ("/proc/self/status", in / "link");
  EXPECT_NE (pack ("link", "link"), ""); /* the link itself */
  in = "/proc/self";
  EXPECT_EQ (pack ("status", "status", error.out ()), "");
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "file system of the kernel"));
  EXPECT_EQ (pack ("task", "task", error.out ()), "");
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "file system of the kernel"));
}

TEST_F (Pack, ReportsAMissingFile)
{
  Error error;

  EXPECT_EQ (pack ("missing", "missing", error.out ()), "");
  EXPECT_NE (error.message ().find ("'missing': No such file"), std::string::npos);
  write_file (in / "file", "");
  EXPECT_EQ (pack ("file", "", error.out ()), "");
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "not a directory"));
}

TEST_F (Pack, ATreeCanBeTooDeep)
{
  Error error;
  fs::path at = in;

  for (int i = 0; i < 258; i++)
    at /= "d";
  fs::create_directories (at);
  EXPECT_EQ (pack (".", "", error.out ()), "");
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "deeper than 256"));
}

TEST (BaseName, IsTheLastComponentAsItWasTyped)
{
  const struct {
    const char *path, *name;
  } cases[] = {
      {"/etc/passwd", "passwd"},
      {"etc", "etc"},
      {"/etc/", "etc"},
      {"/etc//", "etc"},
      {"a/.b", ".b"},
      {"/", ""},
      {".", ""},
      {"..", ""},
      {"/etc/.", ""},
      {"/etc/..", ""},
      {"/etc/./", ""},
      {"...", "..."},
      {"", ""},
  };

  for (const auto &each : cases)
    EXPECT_EQ (take (quilt_tar_base_name (each.path)), each.name) << each.path;
}
