/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The changes of a container, found in an overlay of our own. */
#include "base/check.h"

extern "C" {
#include "base/fd.h"
#include "look/changes.h"
}

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace fs = std::filesystem;

class ChangesTest : public testing::Test
{
protected:
  std::string dir, root;
  std::vector<const char *> mounts = {"/proc", "/etc/hosts", "/srv/deep/volume", "/var/run/x"};

  static void SetUpTestSuite ()
  {
    if (geteuid () != 0)
      return;
    ASSERT_EQ (unshare (CLONE_NEWNS), 0);
    ASSERT_EQ (mount (nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  }

  void SetUp () override
  {
    char name[] = "/tmp/quilt-changes-XXXXXX";

    if (geteuid () != 0)
      GTEST_SKIP () << "needs root";
    dir = mkdtemp (name);
    ASSERT_EQ (mount ("tmpfs", name, "tmpfs", 0, nullptr), 0);
    root = dir + "/merged";
    for (const char *part : {"/low/etc", "/low/usr/share/doc", "/low/var", "/low/run",
                             "/mid/usr/share", "/mid/opt/a/b", "/upper", "/work", "/merged"})
      fs::create_directories (dir + part);
    write (dir + "/low/etc/passwd", "root");
    write (dir + "/low/usr/share/doc/x", "x");
    write (dir + "/low/usr/share/gone", "x");
    write (dir + "/mid/usr/share/y", "y");
    write (dir + "/mid/opt/a/b/file", "z");
    write (dir + "/mid/opt/a/other", "z");
    fs::create_symlink ("/run", dir + "/low/var/run");
    ASSERT_EQ (mknod ((dir + "/mid/usr/share/gone").c_str (), S_IFCHR, 0), 0); /* a whiteout */
    attach ();
  }

  void attach ()
  {
    std::string options = "lowerdir=" + dir + "/mid:" + dir + "/low,upperdir=" + dir +
                          "/upper,workdir=" + dir + "/work,redirect_dir=off,index=off";

    ASSERT_EQ (mount ("overlay", root.c_str (), "overlay", 0, options.c_str ()), 0)
        << strerror (errno);
  }

  void TearDown () override
  {
    if (dir.empty ())
      return;
    umount2 (root.c_str (), MNT_DETACH);
    umount2 (dir.c_str (), MNT_DETACH);
    rmdir (dir.c_str ());
  }

  static void write (const std::string &path, const std::string &text)
  {
    std::ofstream (path) << text;
  }

  /* The records, each followed by '|'. */
  std::string look ()
  {
    g_autofd int upper = open ((dir + "/upper").c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_autoptr (GArray) lowers = quilt_lowers_new ();
    int ends[2], control[2];
    char buffer[65536];
    std::string text;
    ssize_t n;

    for (const char *layer : {"/mid", "/low"}) {
      int fd = open ((dir + layer).c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

      g_array_append_val (lowers, fd);
    }
    EXPECT_EQ (pipe2 (ends, O_CLOEXEC), 0);
    EXPECT_EQ (pipe2 (control, O_CLOEXEC), 0);
    fcntl (ends[1], F_SETPIPE_SZ, 1 << 20);
    std::vector<const char *> places = mounts;
    places.push_back (nullptr);
    const QuiltChangesOf of = {upper, lowers, &quilt_overlay_trusted, (char **)places.data ()};
    QuiltRecordPipe *output = quilt_record_pipe_new (ends[1], control[0]);
    EXPECT_TRUE (quilt_changes_write (&of, output));
    quilt_record_pipe_free (output);
    close (ends[1]);
    while ((n = read (ends[0], buffer, sizeof buffer)) > 0)
      text.append (buffer, (size_t)n);
    for (int fd : {ends[0], control[0], control[1]})
      close (fd);
    for (char &c : text)
      c = c == '\0' ? '|' : c;
    return text;
  }
};

TEST_F (ChangesTest, NothingHasChangedAtFirst)
{
  EXPECT_EQ (look (), ".|");
}

TEST_F (ChangesTest, AddedChangedAndDeleted)
{
  write (root + "/etc/new", "new");
  write (root + "/etc/passwd", "changed");
  fs::remove (root + "/usr/share/y");
  fs::create_directories (root + "/a/b/c");
  chmod ((root + "/opt/a/other").c_str (), 0600);
  fs::create_symlink ("/etc/shadow", root + "/link");
  EXPECT_EQ (look (), "A/a|A/a/b|A/a/b/c|C/etc|A/etc/new|C/etc/passwd|A/link|C/opt|C/opt/a|C/opt/a/"
                      "other|C/usr|C/usr/share|D/usr/share/y|.|");
}

TEST_F (ChangesTest, AFileOfTheContainerThatIsDeletedLeavesNoTrace)
{
  write (root + "/usr/share/doc/mine", "mine");
  fs::remove (root + "/usr/share/doc/mine");
  write (root + "/usr/share/gone", "was deleted by a layer");
  EXPECT_EQ (look (), "C/usr|C/usr/share|C/usr/share/doc|A/usr/share/gone|.|");
}

TEST_F (ChangesTest, OneLineForADeletedTreeAndOneEachInANewOne)
{
  fs::remove_all (root + "/opt");
  EXPECT_EQ (look (), "D/opt|.|");
  /* The new directory is opaque: it has no whiteouts. */
  fs::create_directories (root + "/opt/a/new");
  write (root + "/opt/a/other", "again");
  EXPECT_EQ (look (), "C/opt|C/opt/a|D/opt/a/b|A/opt/a/new|C/opt/a/other|.|");
}

TEST_F (ChangesTest, AnotherTypeIsAChange)
{
  fs::remove_all (root + "/opt/a");
  write (root + "/opt/a", "a file now");
  fs::remove (root + "/etc/passwd");
  fs::create_directories (root + "/etc/passwd/d");
  EXPECT_EQ (look (), "C/etc|C/etc/passwd|A/etc/passwd/d|C/opt|C/opt/a|.|");
}

TEST_F (ChangesTest, PlacesOfMountsAreLeftOut)
{
  for (const char *place : {"/proc", "/srv/deep/volume", "/run/x"}) /* /var/run is a link to /run */
    fs::create_directories (root + place);
  write (root + "/etc/hosts", "");
  EXPECT_EQ (look (), ".|");
  /* Other changes there are shown, with the directories above. */
  write (root + "/srv/deep/mine", "");
  write (root + "/etc/hostname", "");
  EXPECT_EQ (look (), "C/etc|A/etc/hostname|A/srv|A/srv/deep|A/srv/deep/mine|.|");
  chmod ((root + "/run").c_str (), 0700);
  write (root + "/etc/hosts", "1.2.3.4 x");
  EXPECT_EQ (look (), "C/etc|A/etc/hostname|A/etc/hosts|C/run|A/srv|A/srv/deep|A/srv/deep/mine|.|");
}

TEST_F (ChangesTest, NamesAreBytesInTheirOrder)
{
  for (const char *name : {"b", "a\n", "a", "a b", "\xff\x1b[2J", "-", "|"})
    write (root + "/" + name, "");
  EXPECT_EQ (look (), "A/-|A/a|A/a\n|A/a b|A/b|A/||A/\xff\x1b[2J|.|");
}

TEST_F (ChangesTest, LinksLeadNowhere)
{
  fs::create_directory_symlink ("/", root + "/etc/root");
  fs::remove_all (root + "/usr");
  fs::create_directory_symlink ("/etc", root + "/usr");
  EXPECT_EQ (look (), "C/etc|A/etc/root|C/usr|.|");
}

/* Deeper than a path can be. */
TEST_F (ChangesTest, DeepTreesAreBounded)
{
  int fd = open (root.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  for (int i = 0; i < 3000; i++) {
    ASSERT_EQ (mkdirat (fd, "x", 0755), 0);
    int below = openat (fd, "x", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close (fd);
    fd = below;
  }
  close (fd);
  mkdir ((root + "/y").c_str (), 0755);
  std::string text = look ();
  EXPECT_NE (text.find ("|A/y|!Failed to compare '/x/x"), std::string::npos);
  EXPECT_NE (text.find ("it is nested too deeply|"), std::string::npos);
  EXPECT_EQ (std::count (text.begin (), text.end (), '|'), 1002);
}

/* The reader has gone: quilt-look ends. */
TEST_F (ChangesTest, AReaderThatIsGoneEndsIt)
{
  int ends[2], control[2];

  ASSERT_EQ (pipe2 (ends, O_CLOEXEC), 0);
  ASSERT_EQ (pipe2 (control, O_CLOEXEC), 0);
  g_autoptr (QuiltRecordPipe) output = quilt_record_pipe_new (ends[1], control[0]);
  close (ends[0]);
  EXPECT_TRUE (quilt_record_pipe_add (output, 'A', "/x", 2));
  EXPECT_FALSE (quilt_record_pipe_flush (output));
  for (int fd : {ends[1], control[0], control[1]})
    close (fd);
}
