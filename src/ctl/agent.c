/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts the polkit agent that asks for a password on the terminal. */
#include "ctl/agent.h"

#include "base/fd.h"
#include "ctl/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

void
quilt_agent_start (QuiltCtl *ctl)
{
  /* pkttyagent closes this descriptor once it is registered. The spawned child gets it as 3. */
  const char *const argv[] = {"pkttyagent", "--notify-fd", "3", "--fallback", NULL};
  g_autofd int ready = -1, notify = -1;
  int fds[2];
  char byte;

  if (ctl->agent || ctl->no_ask_password || geteuid () == 0 || !isatty (STDIN_FILENO) ||
      !isatty (STDERR_FILENO))
    return;
  if (pipe2 (fds, O_CLOEXEC) < 0)
    return;
  ready = fds[0];
  notify = fds[1];
  ctl->agent = quilt_program_start (argv, -1, notify);
  quilt_fd_clear (&notify);
  if (ctl->agent == 0)
    return;
  while (read (ready, &byte, 1) < 0 && errno == EINTR)
    ;
}

void
quilt_agent_end (GPid pid)
{
  /* As a background process that read the terminal, it may be stopped. */
  kill (pid, SIGTERM);
  kill (pid, SIGCONT);
  while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
    ;
}
