/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is left to a process in the sandbox, seen from inside: its directory, and nothing else. */
#include "fixture.h"

extern "C" {
#include "transfer/sandbox.h"
}

#include <cerrno>
#include <csignal>
#include <net/if.h>
#include <sys/syscall.h>
#include <sys/wait.h>

class Sandbox : public Layers
{
protected:
  /* Runs what in a sandboxed child. Its result must be below 100. */
  int inside (int (*what) (int dir))
  {
    int status = -1;
    pid_t pid = fork ();

    if (pid == 0) {
      if (!quilt_sandbox_enter (layers, layers, nullptr))
        _exit (100);
      _exit (what (layers));
    }
    EXPECT_GT (pid, 0);
    EXPECT_EQ (waitpid (pid, &status, 0), pid);
    return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
  }

  static bool has_landlock ()
  {
    return syscall (SYS_landlock_create_ruleset, nullptr, 0, 1 /* version */) >= 2;
  }
};

static int
work_in_directory (int dir)
{
  int failed = 0;

  failed += mkdirat (dir, "a", 0700) < 0;
  failed += mkdirat (dir, "b", 0700) < 0;
  close (openat (dir, "a/f", O_WRONLY | O_CREAT | O_EXCL, 0600));
  failed += symlinkat ("/", dir, "a/l") < 0;
  failed += mkfifoat (dir, "a/p", 0600) < 0;
  failed += linkat (dir, "a/f", dir, "b/f", 0) < 0;
  failed += renameat (dir, "a/l", dir, "b/l") < 0;
  failed += openat (dir, "b/f", O_RDONLY) < 0;
  failed += !quilt_tree_remove (dir, "a", nullptr);
  failed += !quilt_tree_remove (dir, "b", nullptr);
  return failed;
}

TEST_F (Sandbox, LeavesTheDirectory)
{
  EXPECT_EQ (inside (work_in_directory), 0);
}

static int
read_outside (int dir)
{
  return open ("/etc/passwd", O_RDONLY) >= 0 ? 0 : errno;
}

static int
write_outside (int dir)
{
  return openat (dir, "../outside/file", O_WRONLY) >= 0 ? 0 : errno;
}

static int
make_outside (int dir)
{
  return mkdirat (dir, "../outside/new", 0700) == 0 ? 0 : errno;
}

static int
execute (int dir)
{
  execl ("/bin/true", "true", nullptr);
  return errno;
}

TEST_F (Sandbox, ClosesAllOtherFiles)
{
  if (!has_landlock ())
    GTEST_SKIP () << "needs Landlock";
  for (auto what : {read_outside, write_outside, make_outside, execute})
    EXPECT_EQ (inside (what), EACCES);
}

static int
use_descriptor (int dir)
{
  return fcntl (dir + 1, F_GETFD) >= 0 ? 0 : errno;
}

TEST_F (Sandbox, ClosesWhatItWasNotGiven)
{
  int more = fcntl (layers, F_DUPFD, layers + 1);

  ASSERT_EQ (more, layers + 1);
  EXPECT_EQ (inside (use_descriptor), EBADF);
  close (more);
}

static int
make_device (int dir)
{
  return mknodat (dir, "device", S_IFCHR | 0600, 0x103) == 0 ? 0 : errno;
}

static int
count_networks (int dir)
{
  struct if_nameindex *all = if_nameindex ();
  int n = 0;

  while (all && all[n].if_index)
    n++;
  return n;
}

static int
mount_something (int dir)
{
  return unshare (CLONE_NEWNS) == 0 ? 0 : errno;
}

TEST_F (Sandbox, TakesPrivileges)
{
  if (geteuid () != 0)
    GTEST_SKIP () << "needs root";
  EXPECT_NE (inside (make_device), 0);
  EXPECT_EQ (inside (mount_something), EPERM);
  EXPECT_LE (inside (count_networks), 1); /* loopback */
}
