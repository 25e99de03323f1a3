/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals, deadlines and the end of a process. */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

extern "C" {
#include <sys/pidfd.h>

#include "base/fd.h"
#include "supervisor/turns.h"
}

TEST (Turns, TheEarlierTimeAndNever)
{
  EXPECT_EQ (quilt_turns_earlier (0, 0), 0);
  EXPECT_EQ (quilt_turns_earlier (0, 5), 5);
  EXPECT_EQ (quilt_turns_earlier (5, 0), 5);
  EXPECT_EQ (quilt_turns_earlier (5, 3), 3);
  EXPECT_EQ (quilt_turns_earlier (3, 5), 3);
}

TEST (Turns, ADeadlineEndsTheWait)
{
  g_autoptr (QuiltSources) sources = quilt_sources_new ();
  const gint64 deadline = g_get_monotonic_time () + 1000;

  quilt_turns_wait (sources, 1); /* it has passed */
  quilt_turns_wait (sources, deadline);
  EXPECT_GE (g_get_monotonic_time (), deadline);
}

TEST (Turns, OnlyTheSignalsThatWereAskedForAreRead)
{
  sigset_t before;

  ASSERT_EQ (sigprocmask (SIG_SETMASK, nullptr, &before), 0);
  g_autofd int alone = quilt_turns_take_signals (0, nullptr);
  EXPECT_EQ (quilt_turns_read_signals (alone), 0u);
  for (int signal : {SIGTERM, SIGURG, SIGHUP})
    kill (getpid (), signal);
  EXPECT_EQ (quilt_turns_read_signals (alone), 1u);
  g_autofd int both = quilt_turns_take_signals (SIGURG, nullptr);
  kill (getpid (), SIGTERM);
  EXPECT_EQ (quilt_turns_read_signals (both), 2u);
  EXPECT_EQ (quilt_turns_read_signals (both), 0u);
  signal (SIGHUP, SIG_IGN); /* which drops the one that waits */
  signal (SIGHUP, SIG_DFL);
  sigprocmask (SIG_SETMASK, &before, nullptr);
}

TEST (Turns, AnEndIsReapedOnce)
{
  siginfo_t info = {};
  int ends[2];
  char byte;

  ASSERT_EQ (pipe2 (ends, O_CLOEXEC), 0);
  const pid_t pid = fork ();
  if (pid == 0) {
    close (ends[1]);
    (void)!read (ends[0], &byte, 1);
    _exit (7);
  }
  g_autofd int pid_fd = pidfd_open (pid, 0);
  struct pollfd end = {pid_fd, POLLIN, 0};

  close (ends[0]);
  EXPECT_EQ (quilt_turns_reap (pid_fd, &info), 0);
  EXPECT_EQ (info.si_pid, 0);
  close (ends[1]);
  ASSERT_EQ (poll (&end, 1, -1), 1);
  EXPECT_EQ (quilt_turns_reap (pid_fd, &info), 1);
  EXPECT_EQ (info.si_pid, pid);
  EXPECT_EQ (info.si_status, 7);
  EXPECT_EQ (quilt_turns_reap (pid_fd, &info), -1);
}
