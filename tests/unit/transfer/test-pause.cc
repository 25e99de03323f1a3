/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pause of a container while its files are read, and the guard that ends the pause. */
#include "cgroups.h"
#include "check.h"

extern "C" {
#include "cgroup/pause.h"
#include "cgroup/scope.h"
#include "cgroup/state.h"
#include "transfer/pause.h"
}

using std::string;

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
    quilt_fd_clear (&scope_fd);
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
};

TEST_F (PauseTest, TheGuardIsAmongTheSupervisors)
{
  cgroups.make ("/quilt-web.scope/supervisor");
  ASSERT_TRUE (quilt_pause_begin (&pause, scope_fd, error.out ())) << error.message ();
  EXPECT_TRUE (is_frozen ());
  EXPECT_EQ (count_supervisors (), 1u);
  EXPECT_FALSE (quilt_scope_has_process (scope.c_str (), QUILT_SCOPE_SUPERVISOR, 0));
  quilt_pause_end (&pause);
  EXPECT_FALSE (quilt_cgroup_is_paused (scope_fd));
}

TEST_F (PauseTest, WithoutACgroupForTheGuardThereIsNoPause)
{
  EXPECT_FALSE (quilt_pause_begin (&pause, scope_fd, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "its scope has ended or can't be entered"));
  EXPECT_FALSE (is_frozen ());
  EXPECT_LT (faccessat (scope_fd, "supervisor", F_OK, 0), 0);
}
