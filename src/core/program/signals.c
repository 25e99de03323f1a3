/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The signals of a process that is about to execute a program that is not ours. */
#include "core/program/signals.h"

#include <glib.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By the system call: sigaction(3) spares the two signals that glibc keeps for itself, and its
 * posix_spawn(3), by which we were started, has them ignored. */
void
quilt_signals_reset (void)
{
  const struct {
    void *handler;
    unsigned long flags;
    void *restorer;
    guint64 mask;
  } action = {SIG_DFL};
  sigset_t none;

  for (int i = 1; i < NSIG; i++)
    syscall (SYS_rt_sigaction, i, &action, NULL, sizeof action.mask); /* not of SIGKILL, SIGSTOP */
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
}
