/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the unit tests: cgroups of the test's own, and processes in them. */
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <signal.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include "base/fd.h"
#include "cgroup/file.h"
#include "cgroup/make.h"
#include "cgroup/processes.h"
#include "cgroup/tree.h"
}

/* The cgroups of one test. They are below top, and are removed with it. */
class TestCgroups
{
public:
  const std::string top = "/quilt-unit-" + std::to_string (getpid ());

  ~TestCgroups ()
  {
    while (!pids.empty ())
      end (*pids.begin ());
    if (fd >= 0) {
      EXPECT_TRUE (quilt_cgroup_remove (root, top.c_str (), fd));
    }
    quilt_fd_clear (&fd);
    quilt_fd_clear (&root);
  }

  bool can_make () const
  {
    return geteuid () == 0 && root >= 0;
  }

  /* Returns the path of the cgroup, "below" from top on. */
  std::string make (const std::string &below)
  {
    const std::string path = top + below;
    int made = quilt_cgroup_make (root, path.c_str ());

    EXPECT_GE (made, 0) << path;
    quilt_fd_clear (&made);
    if (fd < 0)
      fd = quilt_cgroup_open (top.c_str ());
    return path;
  }

  /* Adds a process that waits for its end. */
  pid_t add (const std::string &below)
  {
    const std::string path = make (below);
    g_autofd int at = quilt_cgroup_open (path.c_str ());
    const pid_t pid = fork ();

    if (pid == 0) {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      for (;;)
        pause ();
    }
    EXPECT_TRUE (quilt_cgroup_write (at, "cgroup.procs", std::to_string (pid).c_str ())) << path;
    pids.insert (pid);
    return pid;
  }

  void end (pid_t pid)
  {
    pids.erase (pid);
    kill (pid, SIGKILL);
    waitpid (pid, nullptr, 0);
  }

private:
  int root = quilt_cgroup_open_root (), fd = -1;
  std::set<pid_t> pids;
};
