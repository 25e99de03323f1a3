/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* State files and trees, in a directory that a stranger wrote in. */
#include "check.h"

extern "C" {
#include "base/beneath.h"
#include "base/fd.h"
#include "base/file.h"
}

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

class File : public testing::Test
{
protected:
  char path[32] = "/tmp/quilt-test-XXXXXX";
  int dir = -1;
  Error error;

  void SetUp () override
  {
    ASSERT_NE (mkdtemp (path), nullptr);
    dir = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ASSERT_GE (dir, 0);
  }

  void TearDown () override
  {
    int tmp = open ("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    EXPECT_TRUE (quilt_tree_remove (tmp, path + strlen ("/tmp/"), error.out ()))
        << error.message ();
    EXPECT_EQ (access (path, F_OK), -1);
    close (tmp);
    close (dir);
  }

  bool replace (const char *name, const std::string &data, QuiltFileSync sync = QUILT_FILE_VOLATILE)
  {
    return quilt_file_replace (dir, name, data.data (), data.size (), sync, error.out ());
  }

  std::string read (const char *name, gsize max = 1000)
  {
    GBytes *bytes = quilt_file_read (dir, name, max, error.out ());
    gsize size;

    if (!bytes)
      return "(null)";
    const char *data = (const char *)g_bytes_get_data (bytes, &size);
    std::string text (data ? data : "", size);
    g_bytes_unref (bytes);
    return text;
  }
};

TEST_F (File, IsReplacedAsAWhole)
{
  struct stat st;

  for (auto sync : {QUILT_FILE_VOLATILE, QUILT_FILE_DURABLE}) {
    ASSERT_TRUE (replace ("record", "old and long", sync));
    ASSERT_TRUE (replace ("record", "new", sync));
    EXPECT_EQ (read ("record"), "new");
  }
  ASSERT_EQ (fstatat (dir, "record", &st, 0), 0);
  EXPECT_EQ (st.st_mode & 07777, 0600u);
  EXPECT_EQ (faccessat (dir, ".record.tmp", F_OK, 0), -1);
  ASSERT_TRUE (replace ("empty", ""));
  EXPECT_EQ (read ("empty"), "");
}

TEST_F (File, KeepsTheOldOnFailure)
{
  ASSERT_EQ (mkdirat (dir, "taken", 0700), 0);
  EXPECT_FALSE (replace ("taken", "data"));
  EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "Failed to write 'taken': "));
  EXPECT_EQ (faccessat (dir, ".taken.tmp", F_OK, 0), -1);

  ASSERT_EQ (symlinkat ("elsewhere", dir, ".linked.tmp"), 0);
  EXPECT_FALSE (replace ("linked", "data"));
  EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "Failed to create '.linked.tmp'"));
  EXPECT_EQ (faccessat (dir, "elsewhere", F_OK, 0), -1);
}

TEST_F (File, ReadsOnlyRegularFilesWithinTheLimit)
{
  ASSERT_TRUE (replace ("file", "12345"));
  ASSERT_EQ (symlinkat ("file", dir, "link"), 0);
  ASSERT_EQ (mkfifoat (dir, "fifo", 0600), 0);
  ASSERT_EQ (mkdirat (dir, "directory", 0700), 0);

  EXPECT_EQ (read ("file", 5), "12345");
  EXPECT_EQ (read ("file", 4), "(null)");
  EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "at most 4 bytes"));
  EXPECT_EQ (read ("missing"), "(null)");
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, "'missing'"));
  for (const char *name : {"link", "fifo", "directory"}) {
    EXPECT_EQ (read (name), "(null)") << name;
    EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, name)) << name;
  }
}

TEST_F (File, DirectoriesAreMadeOnce)
{
  for (int i = 0; i < 2; i++) {
    int fd = quilt_dir_ensure (dir, "d", error.out ());

    ASSERT_GE (fd, 0) << error.message ();
    EXPECT_TRUE (fcntl (fd, F_GETFD) & FD_CLOEXEC);
    close (fd);
  }
  ASSERT_EQ (symlinkat ("d", dir, "link"), 0);
  EXPECT_EQ (quilt_dir_ensure (dir, "link", error.out ()), -1);
  EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "'link'"));
  EXPECT_EQ (quilt_dir_open (dir, "none", error.out ()), -1);
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, "'none'"));
}

TEST_F (File, TreesGoAwayAndLinksAreNotFollowed)
{
  ASSERT_TRUE (replace ("keep", "kept"));
  ASSERT_EQ (mkdirat (dir, "tree", 0700), 0);
  int tree = openat (dir, "tree", O_RDONLY | O_DIRECTORY);
  ASSERT_EQ (symlinkat ("../keep", tree, "up"), 0);
  ASSERT_EQ (symlinkat ("..", tree, "parent"), 0);
  ASSERT_EQ (mkfifoat (tree, "fifo", 0600), 0);
  for (const char *name : {"a", "a/b", "a/c", "a/c/d", ".0", ".1"})
    ASSERT_EQ (mkdirat (tree, name, 0700), 0);
  close (tree);

  EXPECT_TRUE (quilt_tree_remove (dir, "tree", error.out ())) << error.message ();
  EXPECT_EQ (faccessat (dir, "tree", F_OK, AT_SYMLINK_NOFOLLOW), -1);
  EXPECT_EQ (read ("keep"), "kept");
  EXPECT_TRUE (quilt_tree_remove (dir, "tree", error.out ()));

  ASSERT_EQ (symlinkat (".", dir, "link"), 0);
  EXPECT_TRUE (quilt_tree_remove (dir, "link", error.out ()));
  EXPECT_EQ (faccessat (dir, "link", F_OK, AT_SYMLINK_NOFOLLOW), -1);
  EXPECT_EQ (read ("keep"), "kept");
}

TEST_F (File, TreesMayBeDeeperThanAnyPath)
{
  ASSERT_EQ (mkdirat (dir, "deep", 0700), 0);
  int at = openat (dir, "deep", O_RDONLY | O_DIRECTORY);

  for (int i = 0; i < 3000; i++) {
    ASSERT_EQ (mkdirat (at, "d", 0700), 0);
    int next = openat (at, "d", O_RDONLY | O_DIRECTORY);
    close (at);
    at = next;
  }
  close (at);
  EXPECT_TRUE (quilt_tree_remove (dir, "deep", error.out ())) << error.message ();
}

TEST_F (File, BeneathStaysBeneath)
{
  ASSERT_TRUE (replace ("file", "x"));
  ASSERT_EQ (mkdirat (dir, "d", 0700), 0);
  ASSERT_EQ (symlinkat ("file", dir, "link"), 0);
  ASSERT_EQ (symlinkat ("/file", dir, "absolute"), 0);
  ASSERT_EQ (symlinkat ("../../../../file", dir, "upward"), 0);

  for (const char *name : {"link", "absolute", "upward", "../file", "/etc/passwd", "d/../../x"})
    EXPECT_EQ (quilt_open_beneath (dir, name, O_RDONLY, 0), -1) << name;
  /* With the directory as the root, links go as far as the root and no farther. */
  for (const char *name : {"file", "link", "absolute", "upward", "../file", "/file"}) {
    int fd = quilt_open_in_root (dir, name, O_RDONLY, 0);

    EXPECT_GE (fd, 0) << name << ": " << g_strerror (errno);
    EXPECT_TRUE (fcntl (fd, F_GETFD) & FD_CLOEXEC) << name;
    close (fd);
  }
  EXPECT_EQ (quilt_open_in_root (dir, "/etc/passwd", O_RDONLY, 0), -1);
}

TEST (Fd, IsClosedOnce)
{
  int fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  int closed = fd;

  errno = EAGAIN;
  quilt_fd_clear (&fd);
  EXPECT_EQ (errno, EAGAIN);
  EXPECT_EQ (fd, -1);
  EXPECT_EQ (fcntl (closed, F_GETFD), -1);
  quilt_fd_clear (&fd);
}

TEST (Fd, WriteAllReportsAClosedPeer)
{
  int pair[2];

  ASSERT_EQ (pipe (pair), 0);
  EXPECT_TRUE (quilt_fd_write_all (pair[1], "abc", 3));
  close (pair[0]);
  auto old = signal (SIGPIPE, SIG_IGN);
  EXPECT_FALSE (quilt_fd_write_all (pair[1], "abc", 3));
  EXPECT_EQ (errno, EPIPE);
  signal (SIGPIPE, old);
  close (pair[1]);
}
