/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setup steps: programs that run inside the container, in order, before its command. */
#include "core/init/steps.h"

#include "core/init/become.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits for the end of pid. Meanwhile reaps other processes, as a first process must. Returns FALSE
 * if the time is over. */
static gboolean
wait_for_end (pid_t pid, gint64 seconds, int *ret_status)
{
  const gint64 deadline = g_get_monotonic_time () + MIN (seconds, G_MAXINT32) * G_USEC_PER_SEC;
  sigset_t child;
  int status;

  sigemptyset (&child);
  sigaddset (&child,
             SIGCHLD); /* all signals are blocked, so SIGCHLD stays pending and is not lost */
  for (;;) {
    gint64 rest = MAX (deadline - g_get_monotonic_time (), 0);
    struct timespec timeout = {rest / G_USEC_PER_SEC, rest % G_USEC_PER_SEC * 1000};
    pid_t ended;

    while ((ended = waitpid (-1, &status, WNOHANG)) > 0) {
      if (ended == pid)
        return *ret_status = status, TRUE;
    }
    if (sigtimedwait (&child, NULL, seconds > 0 ? &timeout : NULL) < 0 && errno == EAGAIN)
      return FALSE;
  }
}

/* The init is pid 1 of its pid namespace, so all other processes in it belong to the step. */
static void
end_all (const QuiltInit *init)
{
  pid_t pid;

  if (kill (-1, SIGKILL) < 0 && errno != ESRCH)
    quilt_init_fail (init, QUILT_STAGE_REAP, errno, "", "");
  do
    pid = waitpid (-1, NULL, 0);
  while (pid > 0 || errno == EINTR);
}

static void
run_step (const QuiltInit *init, const QuiltHook *hook, guint step)
{
  QuiltReport report;
  gboolean ended;
  pid_t pid;
  int status = 0;

  quilt_report_init (&report, QUILT_REPORT_STEP);
  report.step = step;
  quilt_report_send (init->channel, &report);
  quilt_init_wait (init);
  pid = fork ();
  if (pid < 0)
    quilt_init_fail (init, QUILT_STAGE_FORK, errno, "", "");
  if (pid == 0)
    quilt_init_become (init, hook->args, hook->env ? hook->env : init->env, step);
  ended = wait_for_end (pid, hook->timeout, &status);
  end_all (init);
  if (ended && WIFEXITED (status) && WEXITSTATUS (status) == 0)
    return;
  report.type = QUILT_REPORT_STEP_FAILED;
  report.status = status;
  report.timed_out = !ended;
  quilt_report_send (init->channel, &report);
  _exit (255);
}

void
quilt_steps_run (const QuiltInit *init)
{
  const GPtrArray *hooks = init->spec->start_container;
  QuiltReport report;

  if (!hooks || hooks->len == 0)
    return;
  for (guint i = 0; i < hooks->len; i++)
    run_step (init, hooks->pdata[i], i + 1);
  quilt_report_init (&report, QUILT_REPORT_STEPS_DONE);
  quilt_report_send (init->channel, &report);
  quilt_init_wait (init);
}
