/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quilt-doctor: checks what this host can isolate, and sends quiltd one message for each check. */
#include "doctor/checks.h"
#include "proto/message.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FD_CONTROL 3

int
main (int argc, char **argv)
{
  sigset_t all;

  if (argc != 2 || fcntl (FD_CONTROL, F_SETFD, FD_CLOEXEC) < 0) {
    g_printerr ("quilt-doctor is internal: quiltd starts it\n");
    return EXIT_FAILURE;
  }
  close_range (FD_CONTROL + 1, ~0U, 0);
  umask (022); /* try things with the usual umask, whatever the unit of quiltd sets */
  sigfillset (&all);
  sigprocmask (SIG_SETMASK, &all, NULL);
  for (guint i = 0; i < quilt_n_checks; i++) {
    QuiltFinding finding = {0};
    QuiltMessage message;
    g_autofree char *text = NULL;

    quilt_checks[i].look (argv[1], &finding);
    quilt_message_init (&message, QUILT_MESSAGE_FINDING);
    message.code = (gint32)finding.verdict;
    text = g_strconcat (quilt_checks[i].name, "\n", finding.found, "\n", finding.advice, NULL);
    quilt_message_set_text (&message, text);
    if (!quilt_message_send (FD_CONTROL, &message))
      return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
