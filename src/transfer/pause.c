/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pauses a container while its files are read. */
#include "transfer/pause.h"

#include "base/call-filter.h"
#include "base/error.h"
#include "base/fd.h"
#include "cgroup/make.h"
#include "cgroup/scope.h"

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A process in the kernel, such as one that waits for a disk, freezes later. */
#define FREEZE_MS 10000
#define GUARD_END_MS 2000
/* If this process does not thaw at the end of the time, the guard does, which is this late. */
#define GUARD_LATE_MS 2000

static const QuiltAllowedCall guard_calls[] = {
#ifdef SYS_poll
    {SYS_poll},
#endif
    {SYS_ppoll},        {SYS_write},        {SYS_fremovexattr}, {SYS_close},
    {SYS_rt_sigaction}, {SYS_rt_sigreturn}, {SYS_exit_group},   {SYS_restart_syscall},
};

/* The guard, a copy of this process, in which the signals that end a process are blocked. It
 * allocates nothing. */
static void
run_guard (const QuiltCgroupPause *cgroups, int leash, int end, int timeout_ms)
{
  struct pollfd fd = {leash, POLLIN, 0};

  prctl (PR_SET_NAME, "quilt-pause");
  prctl (PR_SET_DUMPABLE, 0, 0, 0, 0);
  quilt_calls_restrict (guard_calls, G_N_ELEMENTS (guard_calls));
  while (write (end, "", 1) < 0 && errno == EINTR)
    ;
  while (poll (&fd, 1, timeout_ms) < 0 && errno == EINTR)
    ;
  quilt_cgroup_pause_thaw (cgroups);
  _exit (0);
}

/* Waits until the guard is ready. It never is if the scope has just been frozen. */
static gboolean
await_guard (int end)
{
  struct pollfd fd = {end, POLLIN, 0};
  char byte;
  gssize n;

  if (poll (&fd, 1, FREEZE_MS) == 0)
    return FALSE;
  do
    n = read (end, &byte, 1);
  while (n < 0 && errno == EINTR);
  return n == 1;
}

static gboolean
start_guard (QuiltPause *pause, int scope_fd, int timeout_ms)
{
  int leash[2], end[2];
  pid_t pid;

  if (pipe2 (leash, O_CLOEXEC) < 0)
    return FALSE;
  pause->leash = leash[1];
  if (pipe2 (end, O_CLOEXEC) < 0) {
    close (leash[0]);
    return FALSE;
  }
  pause->end = end[0];
  pid = fork ();
  if (pid == 0) {
    close (leash[1]);
    close (end[0]);
    close (3); /* quiltd must see the end of this process */
    /* A stop of quiltd.service does not reach it there. */
    if (!quilt_cgroup_move (scope_fd, QUILT_SCOPE_SUPERVISOR, 0))
      _exit (1);
    run_guard (&pause->cgroups, leash[0], end[1], timeout_ms);
  }
  close (leash[0]);
  close (end[1]);
  return pid > 0 && await_guard (pause->end);
}

static int
get_guard_timeout (guint64 limit_usec)
{
  const guint64 ms = limit_usec / 1000 + GUARD_LATE_MS;

  return ms > G_MAXINT ? -1 : (int)ms;
}

gboolean
quilt_pause_begin (QuiltPause *pause, int scope_fd, guint64 limit_usec, GError **error)
{
  const gint64 now = g_get_monotonic_time ();

  pause->end_usec =
      limit_usec < (guint64)(G_MAXINT64 - now) ? now + (gint64)limit_usec : G_MAXINT64;
  if (!quilt_cgroup_pause_open (scope_fd, &pause->cgroups))
    return quilt_set_error_errno (error, errno, "Failed to open the container's cgroups");
  if (!start_guard (pause, scope_fd, get_guard_timeout (limit_usec))) {
    quilt_pause_end (pause);
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                         "Failed to pause the container: its scope has ended or can't be entered");
    return FALSE;
  }
  if (quilt_cgroup_pause_freeze (&pause->cgroups) &&
      quilt_cgroup_pause_await (&pause->cgroups, FREEZE_MS))
    return TRUE;
  if (errno == ETIMEDOUT)
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_TIMED_OUT,
                         "Failed to pause the container: a process is busy in the kernel; try "
                         "again, or commit with --pause=no");
  else
    quilt_set_error_errno (error, errno, "Failed to pause the container");
  quilt_pause_end (pause);
  return FALSE;
}

/* The failure stays: the thread that reads may come to its end after it. */
static void
look (QuiltPause *pause)
{
  if (pause->failure || !pause->cgroups.freezers)
    return;
  if (g_get_monotonic_time () >= pause->end_usec)
    pause->failure = g_error_new_literal (
        QUILT_ERROR, QUILT_ERROR_TIMED_OUT,
        "The container was paused as long as the commit may, and not all its files are read: raise "
        "--pause-timeout, or use --pause=false, or stop the container before");
  else if (!quilt_cgroup_pause_holds (&pause->cgroups))
    pause->failure = g_error_new_literal (
        QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
        "The container was stopped or thawed before all its files were read: commit it again");
  if (pause->failure)
    quilt_cgroup_pause_thaw (&pause->cgroups);
}

gboolean
quilt_pause_check (QuiltPause *pause, GError **error)
{
  gboolean ok;

  g_mutex_lock (&pause->lock);
  look (pause);
  ok = !pause->failure;
  if (!ok)
    g_propagate_error (error, g_error_copy (pause->failure));
  g_mutex_unlock (&pause->lock);
  return ok;
}

/* Waits for the guard, which would otherwise end a later pause. */
static void
end (QuiltPause *pause)
{
  struct pollfd fd = {pause->end, POLLIN, 0};

  quilt_cgroup_pause_thaw (&pause->cgroups);
  quilt_fd_clear (&pause->leash);
  if (pause->end >= 0)
    poll (&fd, 1, GUARD_END_MS);
  quilt_fd_clear (&pause->end);
  quilt_cgroup_pause_clear (&pause->cgroups);
}

void
quilt_pause_end (QuiltPause *pause)
{
  g_mutex_lock (&pause->lock);
  if (pause->cgroups.freezers)
    end (pause);
  g_mutex_unlock (&pause->lock);
}

void
quilt_pause_clear (QuiltPause *pause)
{
  quilt_pause_end (pause);
  g_clear_error (&pause->failure);
}
