/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A first process of our own (--init): it reaps, and passes signals on to the command. */
#include "core/init/reaper.h"

#include "base/call-filter.h"
#include "core/identity/credentials.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* All that quilt-init does from here on. It has a filter of its own instead of the container's: a
 * profile need not allow these calls, and --seccomp=unconfined is for the command alone. */
static const QuiltCall calls[] = {
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

/* SIGTTOU, which a terminal sends to background writers, would stop the command. */
static gboolean
is_for_us (int signal)
{
  return signal == SIGTTIN || signal == SIGTTOU;
}

static void G_GNUC_NORETURN
stay (pid_t command)
{
  sigset_t all;

  sigfillset (&all); /* blocked, and so not lost: the kernel drops what a first process ignores */
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

  /* In a pid namespace of another process, orphans would be reparented to that one's init. */
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
  /* The channel too: that it is closed everywhere says that the command was executed. */
  close_range (0, ~0U, 0);
  stay (command);
}
