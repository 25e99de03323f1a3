/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals, deadlines and the end of a process, in a loop of one thread. */
#include "supervisor/turns.h"

#include "base/error.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

int
quilt_turns_take_signals (int also, GError **error)
{
  sigset_t set;
  int fd;

  sigfillset (&set);
  if (sigprocmask (SIG_SETMASK, &set, NULL) < 0) {
    quilt_set_error_errno (error, errno, "Failed to block signals");
    return -1;
  }
  sigemptyset (&set);
  sigaddset (&set, SIGTERM);
  if (also > 0)
    sigaddset (&set, also);
  fd = signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0)
    quilt_set_error_errno (error, errno, "Failed to make a signalfd");
  return fd;
}

guint
quilt_turns_read_signals (int signal_fd)
{
  struct signalfd_siginfo info;
  guint n = 0;

  while (read (signal_fd, &info, sizeof info) == sizeof info)
    n++;
  return n;
}

gint64
quilt_turns_earlier (gint64 a, gint64 b)
{
  return a == 0 || (b > 0 && b < a) ? b : a;
}

void
quilt_turns_wait (QuiltSources *sources, gint64 deadline)
{
  const gint64 rest = MAX (deadline - g_get_monotonic_time (), 0);
  const struct timespec timeout = {rest / G_USEC_PER_SEC, rest % G_USEC_PER_SEC * 1000};

  quilt_sources_wait (sources, deadline > 0 ? &timeout : NULL);
}

int
quilt_turns_reap (int pid_fd, siginfo_t *ret_info)
{
  siginfo_t info = {0};

  if (waitid (P_PIDFD, (id_t)pid_fd, &info, WEXITED | WNOHANG) < 0)
    return -1;
  if (info.si_pid == 0)
    return 0;
  *ret_info = info;
  return 1;
}
