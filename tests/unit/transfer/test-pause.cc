/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pause of a container while its files are read, and the guard that ends the pause. */
#include "cgroups.h"
#include "check.h"

#include <poll.h>

extern "C" {
#include "cgroup/pause.h"
#include "cgroup/scope.h"
#include "cgroup/state.h"
#include "transfer/pause.h"
}

using std::string;

#define FOR_EVER G_MAXUINT64

class PauseTest : public testing::Test
{
protected:
  TestCgroups cgroups;
  string scope;
  int scope_fd = -1;
  QuiltPause pause = QUILT_PAUSE_NONE;
  Error error;

  void SetUp () override
  {
    if (geteuid () != 0)
      GTEST_SKIP () << "needs root";
    if (!cgroups.can_make ())
      GTEST_SKIP () << "needs a cgroup2 and a static /bin/busybox";
    cgroups.add ("/quilt-web.scope/payload");
    scope = cgroups.top + "/quilt-web.scope";
    scope_fd = quilt_cgroup_open (scope.c_str ());
  }

  void TearDown () override
  {
    quilt_pause_clear (&pause);
    await_guard ();
    quilt_fd_clear (&scope_fd);
  }

  /* Its cgroup can only be removed when it has ended, which is after it has closed its pipe. */
  void await_guard ()
  {
    g_autofd int fd =
        scope_fd < 0 ? -1 : openat (scope_fd, "supervisor", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    EXPECT_TRUE (fd < 0 || quilt_cgroup_wait (fd, "populated", 0, 10000));
  }

  guint count_supervisors ()
  {
    g_autoptr (GArray) pids = g_array_new (FALSE, FALSE, sizeof (pid_t));
    g_autofd int fd = quilt_cgroup_open ((scope + "/supervisor").c_str ());

    EXPECT_TRUE (quilt_cgroup_list_processes (fd, pids));
    return pids->len;
  }

  bool is_frozen ()
  {
    g_autofd int fd = quilt_cgroup_open ((scope + "/payload").c_str ());

    return quilt_cgroup_is_frozen (fd);
  }

  /* The kernel says so once the processes run. */
  bool is_thawed ()
  {
    g_autofd int fd = quilt_cgroup_open ((scope + "/payload").c_str ());

    return quilt_cgroup_wait (fd, "frozen", 0, 10000);
  }
};

TEST_F (PauseTest, TheGuardIsAmongTheSupervisors)
{
  cgroups.make ("/quilt-web.scope/supervisor");
  ASSERT_TRUE (quilt_pause_begin (&pause, scope_fd, FOR_EVER, error.out ())) << error.message ();
  EXPECT_TRUE (is_frozen ());
  EXPECT_EQ (count_supervisors (), 1u);
  EXPECT_FALSE (quilt_scope_has_process (scope.c_str (), QUILT_SCOPE_SUPERVISOR, 0));
  quilt_pause_end (&pause);
  EXPECT_FALSE (quilt_cgroup_is_paused (scope_fd));
}

TEST_F (PauseTest, WithoutACgroupForTheGuardThereIsNoPause)
{
  EXPECT_FALSE (quilt_pause_begin (&pause, scope_fd, FOR_EVER, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "its scope has ended or can't be entered"));
  EXPECT_FALSE (is_frozen ());
  EXPECT_LT (faccessat (scope_fd, "supervisor", F_OK, 0), 0);
}

TEST_F (PauseTest, EndsWhenItsTimeIsOver)
{
  cgroups.make ("/quilt-web.scope/supervisor");
  ASSERT_TRUE (quilt_pause_begin (&pause, scope_fd, 1, error.out ())) << error.message ();
  EXPECT_TRUE (is_frozen ());
  EXPECT_FALSE (quilt_pause_check (&pause, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_TIMED_OUT, "--pause-timeout"));
  EXPECT_TRUE (is_thawed ());
  EXPECT_FALSE (quilt_cgroup_is_paused (scope_fd));
  quilt_pause_end (&pause);
  EXPECT_FALSE (quilt_pause_check (&pause, error.out ())); /* as the thread that reads finds it */
}

/* This process is stuck. */
TEST_F (PauseTest, IsEndedByTheGuardWhenItsTimeIsOver)
{
  cgroups.make ("/quilt-web.scope/supervisor");
  ASSERT_TRUE (quilt_pause_begin (&pause, scope_fd, 1, error.out ())) << error.message ();
  struct pollfd end = {pause.end, POLLIN, 0};
  ASSERT_EQ (poll (&end, 1, 60000), 1);
  EXPECT_TRUE (is_thawed ());
  EXPECT_FALSE (quilt_cgroup_is_paused (scope_fd));
  EXPECT_FALSE (quilt_pause_check (&pause, error.out ()));
}

TEST_F (PauseTest, IsOverWhenAnotherProcessThaws)
{
  g_autofd int fd = -1;

  cgroups.make ("/quilt-web.scope/supervisor");
  ASSERT_TRUE (quilt_pause_begin (&pause, scope_fd, FOR_EVER, error.out ())) << error.message ();
  EXPECT_TRUE (quilt_pause_check (&pause, error.out ()));
  fd = quilt_cgroup_open ((scope + "/payload").c_str ());
  EXPECT_TRUE (quilt_cgroup_freeze (fd, FALSE));
  EXPECT_FALSE (quilt_pause_check (&pause, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_STATE, "stopped or thawed"));
  quilt_pause_end (&pause);
}

TEST_F (PauseTest, HoldsUntilItIsEnded)
{
  cgroups.make ("/quilt-web.scope/supervisor");
  EXPECT_TRUE (quilt_pause_check (&pause, error.out ())); /* there is none */
  ASSERT_TRUE (quilt_pause_begin (&pause, scope_fd, FOR_EVER, error.out ())) << error.message ();
  EXPECT_TRUE (quilt_pause_check (&pause, error.out ()));
  quilt_pause_end (&pause);
  EXPECT_TRUE (quilt_pause_check (&pause, error.out ()));
}
