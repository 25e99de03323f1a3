/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of cgroups: how they are found, read and written. A directory stands for a cgroup. */
#include <gtest/gtest.h>

#include <errno.h>
#include <fcntl.h>
#include <filesystem>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include "base/fd.h"
#include "cgroup/file.h"
#include "cgroup/make.h"
#include "cgroup/pressure.h"
#include "cgroup/processes.h"
#include "cgroup/state.h"
#include "cgroup/tree.h"
}

using std::string;

TEST (CgroupTreeTest, OwnPath)
{
  const struct {
    const char *text, *path;
  } cases[] = {
      {"0::/quilt.slice/quilt-web.scope\n", "/quilt.slice/quilt-web.scope"},
      {"12:pids:/x\n1:name=systemd:/y\n0::/z\n", "/z"},
      {"0::/\n", "/"},
      {"0::/no-end", "/no-end"},
      {"10::/x\n", nullptr},
      {"1:name=systemd:/y\n", nullptr},
      {"", nullptr},
  };

  for (const auto &c : cases) {
    g_autofree char *path = quilt_cgroup_parse_self (c.text);

    EXPECT_STREQ (path, c.path) << c.text;
  }
}

TEST (CgroupTreeTest, MountPoint)
{
  const struct {
    const char *text, *path;
  } cases[] = {
      {"30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup"},
      {"29 23 0:25 / /a rw - tmpfs x rw\n30 23 0:26 / /b\\040c rw - cgroup2 x rw\n", "/b c"},
      {"30 23 0:26 /sub /part rw - cgroup2 cgroup2 rw\n", nullptr},
      {"30 23 0:26 / /v1 rw - cgroup cgroup rw\n", nullptr},
      {"30 23\n - cgroup2 \n", nullptr},
      {"", nullptr},
  };

  for (const auto &c : cases) {
    g_autofree char *path = quilt_cgroup_parse_mountinfo (c.text);

    EXPECT_STREQ (path, c.path) << c.text;
  }
}

TEST (CgroupFileTest, Keys)
{
  const struct {
    const char *text, *key;
    gboolean found;
    guint64 value;
  } cases[] = {
      {"populated 1\nfrozen 0\n", "populated", TRUE, 1},
      {"populated 1\nfrozen 0\n", "frozen", TRUE, 0},
      {"oom 3\noom_kill 2", "oom", TRUE, 3},
      {"oom 3\noom_kill 2", "oom_kill", TRUE, 2},
      {"usage_usec 18446744073709551615", "usage_usec", TRUE, G_MAXUINT64},
      {"oom_kill x\n", "oom_kill", FALSE, 0},
      {"oom_kill\n", "oom_kill", FALSE, 0},
      {"not_populated 1\n", "populated", FALSE, 0},
      {"", "populated", FALSE, 0},
  };

  for (const auto &c : cases) {
    guint64 value = 7;

    EXPECT_EQ (quilt_cgroup_find_key (c.text, c.key, &value), c.found) << c.text;
    EXPECT_EQ (value, c.found ? c.value : 7) << c.text;
  }
}

class CgroupTest : public testing::Test
{
protected:
  void SetUp () override
  {
    g_autofree char *path = g_dir_make_tmp ("quilt-cgroup-XXXXXX", nullptr);

    ASSERT_NE (path, nullptr);
    directory = path;
    fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }

  void TearDown () override
  {
    quilt_fd_clear (&fd);
    std::filesystem::remove_all (directory);
  }

  void put (const string &name, const string &text)
  {
    ASSERT_TRUE (g_file_set_contents ((directory + "/" + name).c_str (), text.data (),
                                      (gssize)text.size (), nullptr));
  }

  string directory;
  int fd = -1;
};

TEST_F (CgroupTest, AFileIsReadWhole)
{
  const string large (10000, 'x');

  put ("memory.stat", large + "\n");
  g_autofree char *text = quilt_cgroup_read (fd, "memory.stat");
  EXPECT_EQ (text, large);
  g_autofree char *same = quilt_cgroup_read_in (directory.c_str (), "memory.stat");
  EXPECT_STREQ (same, text);
  EXPECT_EQ (quilt_cgroup_read (fd, "pids.max"), nullptr);
  EXPECT_TRUE (quilt_cgroup_is_gone (errno));
}

TEST_F (CgroupTest, Numbers)
{
  guint64 value = 7;

  put ("memory.max", "max\n");
  put ("pids.current", "12\n");
  put ("cpu.max", "max 100000\n");
  EXPECT_TRUE (quilt_cgroup_read_number (fd, "memory.max", &value));
  EXPECT_EQ (value, G_MAXUINT64);
  EXPECT_TRUE (quilt_cgroup_read_number (fd, "pids.current", &value));
  EXPECT_EQ (value, 12u);
  EXPECT_FALSE (quilt_cgroup_read_number (fd, "cpu.max", &value));
  EXPECT_FALSE (quilt_cgroup_read_number (fd, "none", &value));
  EXPECT_EQ (value, 12u);
}

TEST_F (CgroupTest, ReadsTheState)
{
  EXPECT_EQ (quilt_cgroup_is_populated (fd), 0); /* gone */
  EXPECT_FALSE (quilt_cgroup_is_frozen (fd));
  EXPECT_EQ (quilt_cgroup_oom_kills (fd), 0u);
  put ("cgroup.events", "populated 1\nfrozen 1\n");
  put ("memory.events", "oom 5\noom_kill 4\n");
  EXPECT_EQ (quilt_cgroup_is_populated (fd), 1);
  EXPECT_TRUE (quilt_cgroup_is_frozen (fd));
  EXPECT_EQ (quilt_cgroup_oom_kills (fd), 4u);
  EXPECT_TRUE (quilt_cgroup_wait (fd, "frozen", 1, 0));
  EXPECT_FALSE (quilt_cgroup_wait (fd, "populated", 0, 0));
  EXPECT_EQ (errno, ETIMEDOUT);
  put ("cgroup.events", "");
  EXPECT_EQ (quilt_cgroup_is_populated (fd), -1);
}

TEST_F (CgroupTest, FreezingAndKillingAreWrites)
{
  EXPECT_FALSE (quilt_cgroup_freeze (fd, TRUE));
  EXPECT_EQ (errno, ENOENT);
  EXPECT_FALSE (quilt_cgroup_kill (fd)); /* a kernel without cgroup.kill */
  put ("cgroup.freeze", "0");
  put ("cgroup.kill", "");
  EXPECT_TRUE (quilt_cgroup_freeze (fd, TRUE));
  EXPECT_TRUE (quilt_cgroup_kill (fd));
  g_autofree char *freeze = quilt_cgroup_read (fd, "cgroup.freeze");
  g_autofree char *kill = quilt_cgroup_read (fd, "cgroup.kill");
  EXPECT_STREQ (freeze, "1");
  EXPECT_STREQ (kill, "1");
}

static pid_t
fork_sleeper ()
{
  pid_t pid = fork ();

  if (pid == 0)
    for (;;)
      pause ();
  return pid;
}

static int
wait_for_signal (pid_t pid)
{
  int status = 0;

  EXPECT_EQ (waitpid (pid, &status, 0), pid);
  return WIFSIGNALED (status) ? WTERMSIG (status) : 0;
}

TEST_F (CgroupTest, WithoutAKillFileEachProcessIsKilled)
{
  pid_t here = fork_sleeper (), below = fork_sleeper ();

  ASSERT_EQ (mkdirat (fd, "below", 0755), 0);
  put ("cgroup.procs", std::to_string (here) + "\n0\n");
  put ("below/cgroup.procs", std::to_string (below) + "\n");
  EXPECT_TRUE (quilt_cgroup_signal_each (fd, 0));
  EXPECT_TRUE (quilt_cgroup_kill_each (fd));
  EXPECT_EQ (wait_for_signal (here), SIGKILL);
  EXPECT_EQ (wait_for_signal (below), SIGKILL);
  EXPECT_TRUE (quilt_cgroup_signal_each (fd, SIGKILL)); /* they are gone */
}

TEST_F (CgroupTest, TheKillFileIsPreferred)
{
  put ("cgroup.procs", std::to_string (getpid ()) + "\n");
  put ("cgroup.kill", "");
  EXPECT_TRUE (quilt_cgroup_kill_each (fd));
  g_autofree char *kill = quilt_cgroup_read (fd, "cgroup.kill");
  EXPECT_STREQ (kill, "1");
}

TEST_F (CgroupTest, ARemovalTakesTheCgroupsBelow)
{
  g_autofd int one = -1;

  ASSERT_EQ (mkdirat (fd, "one", 0755), 0);
  one = openat (fd, "one", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ (mkdirat (one, "two", 0755), 0);
  ASSERT_EQ (mkdirat (one, "two/three", 0755), 0);
  put ("one/two/busy", ""); /* it can't be removed, as if a process were there */
  EXPECT_FALSE (quilt_cgroup_remove (fd, "/one", one));
  ASSERT_EQ (unlinkat (one, "two/busy", 0), 0);
  EXPECT_TRUE (quilt_cgroup_remove (fd, "/one", one));
  EXPECT_EQ (faccessat (fd, "one", F_OK, 0), -1);
  EXPECT_TRUE (quilt_cgroup_remove (fd, "/one", one)); /* it is gone */
}

TEST_F (CgroupTest, ALaterOneHasAnotherInode)
{
  g_autofd int one = -1, two = -1;

  ASSERT_EQ (mkdirat (fd, "one", 0755), 0);
  ASSERT_EQ (mkdirat (fd, "two", 0755), 0);
  one = openat (fd, "one", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  two = openat (fd, "two", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  EXPECT_EQ (quilt_cgroup_get_inode (one), quilt_cgroup_get_inode (one));
  EXPECT_NE (quilt_cgroup_get_inode (one), quilt_cgroup_get_inode (two));
  EXPECT_EQ (quilt_cgroup_get_inode (-1), 0u);
}

TEST_F (CgroupTest, ControllersAreWords)
{
  put ("cgroup.controllers", "cpuset cpu io\n");
  EXPECT_TRUE (quilt_cgroup_has_controller (fd, "cpu"));
  EXPECT_FALSE (quilt_cgroup_has_controller (fd, "cpus"));
  EXPECT_FALSE (quilt_cgroup_has_controller (fd, "memory"));
}

static void
add_stall (const char *line, const char *key, const char *value, gpointer data)
{
  *static_cast<string *> (data) += string (line) + "-" + key + "=" + value + ";";
}

TEST (CgroupPressureTest, OnlyItsTwoLines)
{
  string all;

  quilt_cgroup_parse_pressure ("some avg10=0.12 total=34\nother avg10=1\nfull avg10=0.00 junk\n\n",
                               add_stall, &all);
  EXPECT_EQ (all, "some-avg10=0.12;some-total=34;full-avg10=0.00;");
}
