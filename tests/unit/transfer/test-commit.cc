/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layers of the changes of a container, made in an overlay of our own, and seen below another one.
 */
#include "fixture.h"

extern "C" {
#include "proto/message.h"
#include "transfer/commit-input.h"
#include "transfer/commit.h"
}

#include <fcntl.h>
#include <linux/capability.h>
#include <regex>
#include <set>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <thread>
#include <unistd.h>

class Commit : public testing::Test
{
protected:
  std::string dir, root, again;
  std::vector<const char *> mounts = {"/proc", "/etc/hosts", "/srv/volume"};
  QuiltUnpackLimits limits = {UINT64_C (1) << 30, 100000, FALSE};
  QuiltTransferResult result = {};
  QuiltControl control = {};
  Error error;
  bool was_read = false, salted = false;

  static void SetUpTestSuite ()
  {
    if (geteuid () != 0)
      return;
    ASSERT_EQ (unshare (CLONE_NEWNS), 0);
    ASSERT_EQ (mount (nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  }

  void SetUp () override
  {
    char name[] = "/tmp/quilt-commit-XXXXXX";

    if (geteuid () != 0)
      GTEST_SKIP () << "needs root";
    dir = mkdtemp (name);
    ASSERT_EQ (mount ("tmpfs", name, "tmpfs", 0, nullptr), 0);
    root = dir + "/merged";
    again = dir + "/again";
    for (const char *part :
         {"/low/etc", "/low/usr/share/doc", "/low/usr/share/many", "/low/srv", "/mid/usr/share",
          "/mid/opt/a/b", "/upper", "/work", "/merged", "/again", "/layers"})
      fs::create_directories (dir + part);
    write (dir + "/low/etc/passwd", "root");
    write (dir + "/low/usr/share/doc/x", "x");
    write (dir + "/low/usr/share/many/1", "1");
    write (dir + "/low/usr/share/many/2", "2");
    write (dir + "/mid/usr/share/y", "y");
    write (dir + "/mid/opt/a/b/file", "z");
    chmod ((dir + "/upper").c_str (), 0755);
    ASSERT_TRUE (quilt_control_init (&control, nullptr));
    attach (root, dir + "/mid:" + dir + "/low", true);
  }

  void attach (const std::string &at, const std::string &lowers, bool writes)
  {
    std::string options = "lowerdir=" + lowers + ",redirect_dir=off,index=off";

    if (writes)
      options += ",upperdir=" + dir + "/upper,workdir=" + dir + "/work";
    ASSERT_EQ (mount ("overlay", at.c_str (), "overlay", 0, options.c_str ()), 0)
        << strerror (errno);
  }

  void TearDown () override
  {
    if (dir.empty ())
      return;
    quilt_transfer_result_clear (&result);
    quilt_control_clear (&control);
    umount2 (again.c_str (), MNT_DETACH);
    umount2 (root.c_str (), MNT_DETACH);
    umount2 (dir.c_str (), MNT_DETACH);
    rmdir (dir.c_str ());
  }

  static void write (const std::string &path, const std::string &text)
  {
    std::ofstream (path) << text;
  }

  int open_dir (const std::string &path)
  {
    return open ((dir + path).c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }

  static gboolean on_read (gpointer data, GError **error)
  {
    *static_cast<bool *> (data) = true;
    return TRUE;
  }

  bool commit ()
  {
    g_autoptr (GArray) lowers = quilt_lowers_new ();
    g_autofd int upper = open_dir ("/upper"), layers = open_dir ("/layers");
    g_autofd int proc = open ("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    std::vector<const char *> places = mounts;

    for (const char *layer : {"/mid", "/low"}) {
      int fd = open_dir (layer);
      g_array_append_val (lowers, fd);
    }
    places.push_back (nullptr);
    const QuiltCommit of = {{upper, lowers, &quilt_overlay_trusted, (char **)places.data (), TRUE},
                            proc,
                            &limits,
                            &control,
                            on_read,
                            &was_read,
                            salted};
    quilt_transfer_result_clear (&result);
    return quilt_commit_run (&of, layers, ".tmp-mine", &result, error.out ());
  }

  /* Runs quilt-transfer as quiltd does, and returns its last message. */
  QuiltMessage run_program (const char *attributes)
  {
    const char *exe = getenv ("QUILT_TRANSFER"); /* set by meson */
    const std::string changes = std::string ("--changes=") + attributes;
    const char *argv[] = {"quilt-transfer", changes.c_str (), "--lowers=2", "--temporary=.tmp-mine",
                          nullptr};
    const char *env[] = {"LSAN_OPTIONS=detect_leaks=0", nullptr};
    posix_spawn_file_actions_t actions;
    QuiltMessage message = {};
    int pair[2], status = -1;
    pid_t pid = -1;
    std::string places;

    for (const char *mount : mounts)
      places.append (mount, strlen (mount) + 1);
    EXPECT_EQ (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    const int list = memfd_create ("mounts", MFD_CLOEXEC);
    EXPECT_EQ (::write (list, places.data (), places.size ()), (ssize_t)places.size ());
    posix_spawn_file_actions_init (&actions);
    const int wanted[] = {pair[1], open_dir ("/upper"), open_dir ("/layers"), list,
                          -1,      open_dir ("/mid"),   open_dir ("/low")};
    std::vector<int> high;
    for (int i = 0; i < 7; i++) {
      if (wanted[i] < 0)
        continue;
      high.push_back (fcntl (wanted[i], F_DUPFD_CLOEXEC, 20));
      posix_spawn_file_actions_adddup2 (&actions, high.back (), 3 + i);
      close (wanted[i]);
    }
    EXPECT_EQ (posix_spawn (&pid, exe, &actions, nullptr, (char *const *)argv, (char *const *)env),
               0);
    posix_spawn_file_actions_destroy (&actions);
    for (int fd : high)
      close (fd);
    do {
      struct pollfd fd = {pair[0], POLLIN, 0};
      EXPECT_EQ (poll (&fd, 1, 30000), 1);
    } while (quilt_message_receive (pair[0], &message) == 1 &&
             message.type == QUILT_MESSAGE_PROGRESS);
    EXPECT_EQ (waitpid (pid, &status, 0), pid);
    close (pair[0]);
    return message;
  }

  std::string layer (const std::string &path = "")
  {
    return dir + "/layers/.tmp-mine/fs" + path;
  }

  /* Mounts the layer on the image's, as a container of the new image has it. */
  void show ()
  {
    ASSERT_TRUE (commit ()) << error.message ();
    ASSERT_NE (result.temporary, nullptr);
    attach (again, layer () + ":" + dir + "/mid:" + dir + "/low", false);
  }

  void expect_same ()
  {
    std::string mine = snapshot (root), theirs = snapshot (again);

    for (size_t at; (at = mine.find (root)) != std::string::npos;)
      mine.replace (at, root.size (), again);
    /* overlayfs does not count the links of a merged directory. */
    const std::regex links ("( 16[0-9]* [0-9]*) [0-9]* ");
    EXPECT_EQ (std::regex_replace (mine, links, "$1 "), std::regex_replace (theirs, links, "$1 "));
  }

  static struct stat look (const std::string &path)
  {
    struct stat st = {};

    EXPECT_EQ (lstat (path.c_str (), &st), 0) << path;
    return st;
  }
};

TEST_F (Commit, NoChangeMakesNoLayer)
{
  fs::create_directories (root + "/proc");
  fs::create_directories (root + "/srv/volume");
  write (root + "/etc/hosts", "");
  ASSERT_TRUE (commit ()) << error.message ();
  EXPECT_EQ (result.digest, nullptr);
  EXPECT_EQ (result.temporary, nullptr);
  EXPECT_TRUE (fs::is_empty (dir + "/layers"));
  EXPECT_TRUE (was_read);
}

TEST_F (Commit, AddedChangedAndDeletedFilesComeBack)
{
  fs::create_directories (root + "/proc");
  write (root + "/etc/new", "new");
  write (root + "/etc/passwd", "changed");
  fs::remove (root + "/usr/share/y");
  fs::remove_all (root + "/opt/a");
  fs::create_directories (root + "/a/b/c");
  fs::create_symlink ("/etc/shadow", root + "/link");
  chmod ((root + "/usr/share/doc/x").c_str (), 04751);
  EXPECT_EQ (chown ((root + "/usr/share/doc/x").c_str (), 1000, 65534), 0);
  chmod ((root + "/usr/share/doc/x").c_str (), 06751);
  EXPECT_EQ (mkfifo ((root + "/a/fifo").c_str (), 0640), 0);
  show ();
  fs::remove (root + "/proc"); /* the place of a mount is left out */
  expect_same ();
  EXPECT_FALSE (fs::exists (layer ("/proc")));
  EXPECT_EQ (look (layer ("/usr/share/doc/x")).st_mode, (mode_t)(S_IFREG | 06751));
  EXPECT_EQ (result.info.size, 3u + 7 + 1);
}

TEST_F (Commit, AnOpaqueDirectoryHidesWithoutAttributes)
{
  char value;

  fs::remove_all (root + "/usr/share");
  fs::create_directories (root + "/usr/share/doc");
  write (root + "/usr/share/doc/mine", "mine");
  show ();
  expect_same ();
  EXPECT_EQ (look (layer ("/usr/share/doc/x")).st_rdev, makedev (0, 0));
  EXPECT_EQ (look (layer ("/usr/share/many")).st_mode, (mode_t)S_IFCHR);
  EXPECT_LT (getxattr (layer ("/usr/share").c_str (), "trusted.overlay.opaque", &value, 1), 0);
}

TEST_F (Commit, HardLinksHolesAndAttributesStay)
{
  const vfs_cap_data capability = {VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
                                   {{1 << CAP_NET_RAW, 0}, {0, 0}}};
  const std::string file = root + "/a/file", hole = root + "/a/hole";
  char value[64];

  fs::create_directories (root + "/a/z");
  write (file, "data");
  EXPECT_EQ (link (file.c_str (), (root + "/a/z/other").c_str ()), 0);
  EXPECT_EQ (setxattr (file.c_str (), "security.capability", &capability, XATTR_CAPS_SZ_2, 0), 0);
  write (hole, "begin");
  EXPECT_EQ (truncate (hole.c_str (), 8 << 20), 0);
  show ();
  expect_same ();
  EXPECT_EQ (look (layer ("/a/file")).st_ino, look (layer ("/a/z/other")).st_ino);
  EXPECT_LT (look (layer ("/a/hole")).st_blocks, 100);
  EXPECT_EQ (getxattr (layer ("/a/z/other").c_str (), "security.capability", value, sizeof value),
             XATTR_CAPS_SZ_2);
}

/* To hash a terabyte of zeros would take longer than a test may. */
TEST_F (Commit, HolesCostNoTime)
{
  const std::string hole = root + "/hole";

  write (hole, "begin");
  limits.max_bytes = UINT64_C (1) << 41;
  EXPECT_EQ (truncate (hole.c_str (), INT64_C (1) << 40), 0);
  std::fstream (hole, std::ios::in | std::ios::out).seekp (INT64_C (1) << 39) << "middle";
  ASSERT_TRUE (commit ()) << error.message ();
  EXPECT_EQ (look (layer ("/hole")).st_size, INT64_C (1) << 40);
  EXPECT_LT (look (layer ("/hole")).st_blocks, 100);
  std::ifstream copy (layer ("/hole"));
  std::string begin (5, 0), middle (7, 0);
  copy.read (begin.data (), 5);
  copy.seekg (INT64_C (1) << 39).read (middle.data (), 7);
  EXPECT_EQ (begin, "begin");
  EXPECT_EQ (middle, std::string ("middle\0", 7));
}

TEST_F (Commit, TheDigestTellsWhereHolesAre)
{
  std::set<std::string> digests;

  for (const int at : {0, 4 << 20, 8 << 20})
    for (const off_t size : {16 << 20, 17 << 20}) {
      write (root + "/hole", "");
      EXPECT_EQ (truncate ((root + "/hole").c_str (), size), 0);
      std::fstream (root + "/hole", std::ios::in | std::ios::out).seekp (at) << "data";
      ASSERT_TRUE (commit ()) << error.message ();
      digests.insert (result.digest);
      fs::remove_all (dir + "/layers/.tmp-mine");
    }
  EXPECT_EQ (digests.size (), 6u);
}

TEST_F (Commit, DevicesAndSocketsAreLeftOut)
{
  struct sockaddr_un address = {AF_UNIX, ""};
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);

  EXPECT_EQ (mknod ((root + "/disk").c_str (), S_IFBLK | 0600, makedev (8, 0)), 0);
  fs::remove (root + "/etc/passwd");
  EXPECT_EQ (mknod ((root + "/etc/passwd").c_str (), S_IFCHR | 0600, makedev (1, 3)), 0);
  g_strlcpy (address.sun_path, (root + "/socket").c_str (), sizeof address.sun_path);
  EXPECT_EQ (bind (fd, (struct sockaddr *)&address, sizeof address), 0);
  close (fd);
  show ();
  EXPECT_FALSE (fs::exists (again + "/disk"));
  EXPECT_FALSE (fs::exists (again + "/socket"));
  EXPECT_FALSE (fs::exists (again + "/etc/passwd")); /* not the image's */
  EXPECT_EQ (result.info.left_out.counts[QUILT_LEFT_OUT_DEVICE], 2u);
  EXPECT_EQ (result.info.left_out.counts[QUILT_LEFT_OUT_SOCKET], 1u);
}

TEST_F (Commit, TheSameChangesHaveTheSameDigest)
{
  write (root + "/etc/new", "new");
  ASSERT_TRUE (commit ()) << error.message ();
  const std::string first = result.digest;
  EXPECT_EQ (first.size (), 71u);
  fs::rename (dir + "/layers/.tmp-mine", dir + "/layers/" + first.substr (7));
  ASSERT_TRUE (commit ()) << error.message ();
  EXPECT_EQ (result.digest, first);
  EXPECT_EQ (result.temporary, nullptr); /* it exists */
  write (root + "/etc/new", "other");
  ASSERT_TRUE (commit ()) << error.message ();
  EXPECT_NE (result.digest, first);
}

/* Of setup steps, whose results may be secrets. */
TEST_F (Commit, ASaltedDigestTellsNothing)
{
  QuiltLayerInfo info = {};
  std::string first;

  write (root + "/etc/new", "secret");
  salted = true;
  ASSERT_TRUE (commit ()) << error.message ();
  first = result.digest;
  const std::string name = first.substr (7);
  fs::rename (dir + "/layers/.tmp-mine", dir + "/layers/" + name);
  g_autofd int layers = open_dir ("/layers");
  ASSERT_TRUE (quilt_layer_info_read (layers, name.c_str (), &info, error.out ()))
      << error.message ();
  EXPECT_EQ (std::string (info.salt ? info.salt : "").size (), 32u);
  EXPECT_EQ (look (dir + "/layers/" + name + "/layer.json").st_mode & 077, 0u);
  quilt_layer_info_clear (&info);
  ASSERT_TRUE (commit ()) << error.message ();
  EXPECT_NE (result.digest, first);
  fs::remove_all (dir + "/layers/.tmp-mine");
  salted = false;
  ASSERT_TRUE (commit ()) << error.message ();
  EXPECT_NE (result.digest, first);
  EXPECT_EQ (result.info.salt, nullptr);
}

TEST_F (Commit, AFileNamedLikeAWhiteoutIsAFile)
{
  fs::remove (root + "/etc/passwd");
  ASSERT_TRUE (commit ()) << error.message ();
  const std::string deleted = result.digest;
  fs::remove_all (dir + "/layers/.tmp-mine");
  write (root + "/etc/passwd", "root");
  write (root + "/etc/.wh.passwd", "");
  ASSERT_TRUE (commit ()) << error.message ();
  EXPECT_NE (result.digest, deleted);
}

TEST_F (Commit, TheLayerHasLimits)
{
  write (root + "/etc/new", std::string (1000, 'x'));
  write (root + "/etc/newer", std::string (1000, 'x'));
  limits.max_bytes = 1999;
  EXPECT_FALSE (commit ());
  EXPECT_TRUE (error.is (QUILT_ERROR_QUOTA_EXCEEDED, "Failed to copy"));
  limits = {1 << 20, 2, FALSE};
  EXPECT_FALSE (commit ());
  EXPECT_TRUE (error.is (QUILT_ERROR_QUOTA_EXCEEDED, "Failed to copy"));
  EXPECT_TRUE (fs::is_empty (dir + "/layers"));
  limits = {1 << 20, 100, FALSE};
  quilt_control_cancel (&control);
  EXPECT_FALSE (commit ());
  EXPECT_TRUE (error.is (QUILT_ERROR_CANCELLED, "cancelled"));
  EXPECT_TRUE (fs::is_empty (dir + "/layers"));
}

/* Of setup steps, whose results share a limit. */
TEST_F (Commit, StoredBytesHaveALimit)
{
  const guint64 file = 1 << 20, least = file + 2 * QUILT_COMMIT_ENTRY_BYTES;

  write (root + "/file", std::string (file, 'x'));
  write (root + "/hole", "");
  EXPECT_EQ (truncate ((root + "/hole").c_str (), 512 << 20), 0);
  limits.max_stored = least; /* the headers count too */
  EXPECT_FALSE (commit ());
  EXPECT_TRUE (error.is (QUILT_ERROR_QUOTA_EXCEEDED, "take more than"));
  EXPECT_TRUE (fs::is_empty (dir + "/layers"));
  limits.max_stored = least + 8192;
  EXPECT_TRUE (commit ()) << error.message ();
  EXPECT_EQ (result.info.size, file + (512 << 20));
  EXPECT_GT (quilt_control_get_consumed (&control), least);
  EXPECT_LE (quilt_control_get_consumed (&control), limits.max_stored);
}

TEST_F (Commit, NamesAndLinksAreStoredToo)
{
  const std::string target (4000, 'x');

  limits.max_stored = 1 << 20;
  for (int i = 0; i < 150; i++)
    fs::create_symlink ("x", root + "/" + std::to_string (i));
  EXPECT_TRUE (commit ()) << error.message ();
  fs::remove_all (dir + "/layers/.tmp-mine");
  for (int i = 0; i < 150; i++) {
    fs::remove (root + "/" + std::to_string (i));
    fs::create_symlink (target, root + "/" + std::to_string (i));
  }
  EXPECT_FALSE (commit ());
  EXPECT_TRUE (error.is (QUILT_ERROR_QUOTA_EXCEEDED, "take more than"));
  for (int i = 0; i < 300; i++) {
    fs::remove (root + "/" + std::to_string (i));
    write (root + "/" + std::to_string (i), "");
  }
  EXPECT_FALSE (commit ());
  EXPECT_TRUE (error.is (QUILT_ERROR_QUOTA_EXCEEDED, "take more than"));
}

TEST_F (Commit, AContainerThatSwapsLinksReadsNothingOutside)
{
  std::atomic<bool> ends = false;

  fs::create_directories (dir + "/secret");
  write (dir + "/secret/file", "secret");
  fs::create_directories (root + "/a");
  fs::create_directories (root + "/b");
  write (root + "/b/file", "mine");
  fs::create_symlink (dir + "/secret", root + "/c");
  std::thread swaps ([&] {
    while (!ends) {
      renameat2 (AT_FDCWD, (root + "/b").c_str (), AT_FDCWD, (root + "/c").c_str (),
                 RENAME_EXCHANGE);
      std::ofstream (root + "/a/grows", std::ios::app) << "xxxxxxxx";
      rename ((root + "/a/grows").c_str (), (root + "/a/grown").c_str ());
    }
  });
  for (int i = 0; i < 200; i++) {
    if (commit ()) {
      for (const char *name : {"/b/file", "/c/file"})
        if (!fs::is_symlink (fs::path (layer (name)).parent_path ()) && fs::exists (layer (name))) {
          EXPECT_EQ (read_file (layer (name)), "mine");
        }
    }
    fs::remove_all (dir + "/layers/.tmp-mine");
  }
  ends = true;
  swaps.join ();
}

/* In its sandbox, with all that a layer can have. */
TEST_F (Commit, TheProgramMakesTheSameLayer)
{
  fs::remove_all (root + "/usr/share");
  fs::create_directories (root + "/usr/share/doc");
  write (root + "/usr/share/doc/mine", "mine");
  EXPECT_EQ (link ((root + "/usr/share/doc/mine").c_str (), (root + "/other").c_str ()), 0);
  fs::create_symlink ("/etc/shadow", root + "/link");
  EXPECT_EQ (mkfifo ((root + "/fifo").c_str (), 0640), 0);
  ASSERT_TRUE (commit ()) << error.message ();
  const std::string digest = result.digest;
  fs::remove_all (dir + "/layers/.tmp-mine");
  QuiltMessage message = run_program ("trusted");
  ASSERT_EQ (message.type, QUILT_MESSAGE_DONE) << message.text;
  EXPECT_EQ (message.text, digest + " .tmp-mine");
  EXPECT_EQ (message.exit_code, 0);
  attach (again, layer () + ":" + dir + "/mid:" + dir + "/low", false);
  expect_same ();
}

TEST_F (Commit, TheProgramSaysThatNothingHasChanged)
{
  QuiltMessage message = run_program ("user");

  ASSERT_EQ (message.type, QUILT_MESSAGE_DONE) << message.text;
  EXPECT_STREQ (message.text, "");
  EXPECT_EQ (message.exit_code, 1);
  EXPECT_TRUE (fs::is_empty (dir + "/layers"));
}
