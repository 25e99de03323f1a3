/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A first process of our own (--init): it reaps, and passes signals on to the command. */
#include "core/reaper.h"

#include "core/credentials.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void
reap (pid_t command)
{
  pid_t ended;
  int status;

  while ((ended = waitpid (-1, &status, WNOHANG)) > 0)
    if (ended == command)
      _exit (WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status));
}

/* What a terminal says to those that write to it from the background would stop the command. */
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

  /* In a pid namespace that is not ours, orphans would go to somebody else. */
  if (!(init->spec->namespaces & QUILT_NS_PID) && prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
    quilt_init_fail (init, QUILT_STAGE_FORK, errno, "", "");
  command = fork ();
  if (command < 0)
    quilt_init_fail (init, QUILT_STAGE_FORK, errno, "", "");
  if (command == 0)
    return;
  /* The command may be another user's. */
  r = quilt_credentials_keep (G_GUINT64_CONSTANT (1) << CAP_KILL);
  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_CREDENTIALS, -r, "", "");
  prctl (PR_SET_NAME, "quilt-init", 0, 0, 0);
  /* The channel too: that it is closed everywhere says that the command was executed. */
  close_range (0, ~0U, 0);
  stay (command);
}
