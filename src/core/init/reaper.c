/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A first process of our own (--init): reaps processes and forwards signals to the command. */
#include "core/init/reaper.h"

#include "base/call-filter.h"
#include "core/identity/credentials.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* All system calls that quilt-init makes from here on. It has this filter instead of the
 * container's: a profile need not allow these calls, and --seccomp=unconfined applies only to the
 * command. */
static const QuiltAllowedCall calls[] = {
    {SYS_close_range}, {SYS_rt_sigtimedwait}, {SYS_wait4},
    {SYS_kill},        {SYS_exit_group},      {SYS_restart_syscall},
};

static void
reap (pid_t command)
{
  pid_t ended;
  int status;

  while ((ended = waitpid (-1, &status, WNOHANG)) > 0)
    if (ended == command)
      _exit (WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status));
}

/* A terminal sends SIGTTIN and SIGTTOU to background readers and writers. These signals would stop
 * the command. */
static gboolean
is_for_us (int signal)
{
  return signal == SIGTTIN || signal == SIGTTOU;
}

static void G_GNUC_NORETURN
stay (pid_t command)
{
  sigset_t all;

  /* keep them blocked: the kernel drops unblocked signals that a first process ignores */
  sigfillset (&all);
  for (;;) {
    int signal = sigwaitinfo (&all, NULL);

    if (signal == SIGCHLD)
      reap (command);
    else if (signal > 0 && !is_for_us (signal))
      kill (command, signal);
  }
}

void
quilt_reaper_run (const QuiltInit *init)
{
  pid_t command;
  int r;

  /* In another process's pid namespace, orphans would otherwise be reparented to that namespace's
   * init. */
  if (!(init->spec->namespaces & QUILT_NS_PID) && prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
    quilt_init_fail (init, QUILT_STAGE_FORK, errno, "", "");
  command = fork ();
  if (command < 0)
    quilt_init_fail (init, QUILT_STAGE_FORK, errno, "", "");
  if (command == 0) {
    quilt_init_die_with_parent ();
    return;
  }
  /* An exposed init has the container's bounding set by now, and can't change it. */
  r = quilt_init_is_exposed (init) ? quilt_credentials_keep (QUILT_REAPER_CAPABILITIES)
                                   : quilt_credentials_keep_for_good (QUILT_REAPER_CAPABILITIES);
  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_CREDENTIALS, -r, "", "");
  prctl (PR_SET_NAME, "quilt-init", 0, 0, 0);
  if (!quilt_calls_restrict (calls, G_N_ELEMENTS (calls)))
    quilt_init_fail (init, QUILT_STAGE_SECCOMP, errno, "", "");
  /* This also closes the channel. When all its copies are closed, the command was executed. */
  close_range (0, ~0U, 0);
  stay (command);
}
