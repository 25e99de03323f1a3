/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shows long text on a terminal page by page. */
#include "ctl/pager.h"

#include "base/fd.h"
#include "ctl/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

static gboolean
is_privileged (void)
{
  return getauxval (AT_SECURE) || g_getenv ("SUDO_UID") || g_getenv ("PKEXEC_UID") ||
         g_getenv ("DOAS_USER");
}

static char **
pager_argv (void)
{
  const char *command = g_getenv ("QUILT_PAGER");
  char **argv = NULL;

  if (!command)
    command = g_getenv ("PAGER");
  if (!command)
    command = "less";
  /* An empty command, "cat", and a malformed command mean: no pager. */
  if (strcmp (command, "cat") == 0 || !g_shell_parse_argv (command, NULL, &argv, NULL))
    return NULL;
  return argv;
}

void
quilt_pager_open (QuiltCtl *ctl)
{
  g_auto (GStrv) argv = NULL;
  g_autofd int reader = -1, writer = -1;
  int fds[2];

  if (ctl->no_pager || ctl->pager || !isatty (STDOUT_FILENO) ||
      g_strcmp0 (g_getenv ("TERM"), "dumb") == 0 || is_privileged ())
    return;
  argv = pager_argv ();
  if (!argv || pipe2 (fds, O_CLOEXEC) < 0)
    return;
  reader = fds[0];
  writer = fds[1];
  /* less shall quit if the text fits on a screen, keep colours, and run no commands. */
  g_setenv ("LESS", "FRSXMK", FALSE);
  g_setenv ("LESSCHARSET", "utf-8", FALSE); /* our output is UTF-8, whatever LANG says */
  g_setenv ("LESSSECURE", "1", TRUE);
  ctl->pager = quilt_program_start ((const char *const *)argv, reader, -1);
  if (!ctl->pager)
    return;
  fflush (stdout);
  dup2 (writer, STDOUT_FILENO);
  signal (SIGINT, SIG_IGN); /* Ctrl-C belongs to the pager */
}

void
quilt_pager_wait (GPid pid)
{
  fclose (stdout);
  while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
    ;
}
