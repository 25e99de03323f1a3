/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The signals of a process that is about to execute another program. */
#include "core/program/signals.h"

#include <glib.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Uses the system call: sigaction(3) skips the two signals that glibc reserves. posix_spawn(3),
 * which started us, has set these to be ignored. */
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
    syscall (SYS_rt_sigaction, i, &action, NULL,
             sizeof action.mask); /* fails for SIGKILL and SIGSTOP */
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
}
