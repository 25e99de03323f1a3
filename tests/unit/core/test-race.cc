/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mount targets that another process swaps for links while they are resolved: CVE-2021-30465,
 * CVE-2024-45310. */
#include <gtest/gtest.h>

extern "C" {
#include "base/fd.h"
#include "core/mounts/apply.h"
#include "core/mounts/mounts.h"
}

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

static const int ROUNDS = 10000;

/* root/volume is what the attacker can write to: "target" is a directory or a link that leads to
 * outside, from one moment to the next. */
class RaceTest : public testing::Test
{
protected:
  static void SetUpTestSuite ()
  {
    ASSERT_EQ (geteuid (), 0u) << "needs root";
    ASSERT_EQ (unshare (CLONE_NEWNS), 0);
    ASSERT_EQ (mount (nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  }

  void SetUp () override
  {
    char name[] = "/tmp/quilt-race-XXXXXX";

    directory = mkdtemp (name);
    ASSERT_EQ (mount ("race", directory.c_str (), "tmpfs", 0, nullptr), 0);
    outside = directory + "/outside";
    fs::create_directories (outside + "/deep");
    fs::create_directories (directory + "/root/volume/target");
    fs::create_directory_symlink (outside, directory + "/root/volume/link");
    root_fd = open ((directory + "/root").c_str (), O_PATH | O_DIRECTORY | O_CLOEXEC);
    ASSERT_GE (root_fd, 0);
    begin_to_swap ();
  }

  void TearDown () override
  {
    kill (swapper, SIGKILL);
    waitpid (swapper, nullptr, 0);
    quilt_fd_clear (&root_fd);
    umount2 (directory.c_str (), MNT_DETACH);
    fs::remove (directory);
  }

  void begin_to_swap ()
  {
    std::string target = directory + "/root/volume/target", link = directory + "/root/volume/link";

    const pid_t parent = getpid ();

    swapper = fork ();
    ASSERT_GE (swapper, 0);
    if (swapper > 0)
      return;
    while (getppid () == parent) /* a swapper without a test would slow down the whole host */
      renameat2 (AT_FDCWD, target.c_str (), AT_FDCWD, link.c_str (), RENAME_EXCHANGE);
  }

  /* A tmpfs on destination, again and again. */
  void mount_on (const char *destination)
  {
    std::string config = std::string ("{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"/\"},"
                                      "\"process\":{\"args\":[\"x\"],\"cwd\":\"/\"},"
                                      "\"mounts\":[{\"type\":\"tmpfs\",\"source\":\"race-mount\","
                                      "\"destination\":\"") +
                         destination + "\"}],\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]}}";
    g_autoptr (GError) error = nullptr;
    g_autoptr (QuiltSpec) spec = quilt_spec_parse (config.data (), config.size (), &error);
    g_autoptr (QuiltMountPlan) plan = spec ? quilt_mounts_plan (spec, &error) : nullptr;
    struct stat before, after;

    ASSERT_NE (plan, nullptr) << error->message;
    ASSERT_EQ (stat (outside.c_str (), &before), 0);
    for (int i = 0; i < ROUNDS; i++) {
      const QuiltMountOp *failed = nullptr;
      char detail[256];
      int r = quilt_mounts_apply (plan, root_fd, FALSE, detail, sizeof detail, &failed);

      (r == 0 ? mounted : refused)++;
      ASSERT_EQ (stat (outside.c_str (), &after), 0);
      ASSERT_EQ (after.st_dev, before.st_dev) << "round " << i << " was mounted outside";
      if (r == 0)
        take_off ();
    }
    EXPECT_EQ (std::distance (fs::directory_iterator (outside), fs::directory_iterator ()), 1);
    EXPECT_TRUE (fs::is_empty (outside + "/deep"));
  }

  /* Takes the mount off, wherever it is now. The names do not change meanwhile. */
  void take_off ()
  {
    std::ifstream mountinfo;
    std::string line;

    kill (swapper, SIGSTOP);
    ASSERT_EQ (waitpid (swapper, nullptr, WUNTRACED), swapper);
    mountinfo.open ("/proc/self/mountinfo");
    while (std::getline (mountinfo, line)) {
      std::istringstream fields (line);
      std::string path;

      if (line.find (" race-mount ") == std::string::npos)
        continue;
      for (int i = 0; i < 5; i++)
        fields >> path;
      EXPECT_EQ (path.rfind (directory + "/root/", 0), 0u) << path;
      ASSERT_EQ (umount2 (path.c_str (), MNT_DETACH | UMOUNT_NOFOLLOW), 0) << path;
    }
    kill (swapper, SIGCONT);
  }

  std::string directory, outside;
  int root_fd = -1;
  pid_t swapper = 0;
  int mounted = 0, refused = 0;
};

TEST_F (RaceTest, ATargetThatIsSwappedIsMountedOnWithinOrRefused)
{
  mount_on ("/volume/target");
  EXPECT_GT (mounted, 0);
}

TEST_F (RaceTest, AParentThatIsSwappedLeadsNowhereElse)
{
  mount_on ("/volume/target/deep/new");
}

TEST_F (RaceTest, NothingIsMadeThroughAParentThatIsSwapped)
{
  mount_on ("/volume/target/made");
}
