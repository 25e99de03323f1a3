/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setup steps: programs that run inside the container, in order, before its command. */
#include "core/steps.h"

#include "base/fd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* FALSE: the time is over. */
static gboolean
wait_for_end (const QuiltInit *init, int pid_fd, gint64 seconds)
{
  struct pollfd poll_fd = {.fd = pid_fd, .events = POLLIN};
  struct timespec timeout = {.tv_sec = (time_t)seconds};
  int r;

  /* Not interrupted: signals are blocked here. */
  r = ppoll (&poll_fd, 1, seconds > 0 ? &timeout : NULL, NULL);
  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_FORK, errno, "", "");
  return r > 0;
}

/* We are pid 1 of a pid namespace: all others in it are the step's, wherever they hid. */
static int
end_all (const QuiltInit *init, pid_t step_pid)
{
  int step_status = 0;

  if (kill (-1, SIGKILL) < 0 && errno != ESRCH)
    quilt_init_fail (init, QUILT_STAGE_REAP, errno, "", "");
  for (;;) {
    int status;
    pid_t pid = waitpid (-1, &status, 0);

    if (pid < 0 && errno == ECHILD)
      return step_status;
    if (pid < 0 && errno != EINTR)
      quilt_init_fail (init, QUILT_STAGE_REAP, errno, "", "");
    if (pid == step_pid)
      step_status = status;
  }
}

static void
run_step (const QuiltInit *init, const QuiltHook *hook, guint step)
{
  g_autofd int pid_fd = -1;
  QuiltReport report;
  gboolean ended;
  pid_t pid;
  int status;

  quilt_report_init (&report, QUILT_REPORT_STEP);
  report.step = step;
  quilt_report_send (init->channel, &report);
  quilt_init_wait (init);
  pid = fork ();
  if (pid < 0)
    quilt_init_fail (init, QUILT_STAGE_FORK, errno, "", "");
  if (pid == 0)
    quilt_init_become (init, hook->args, hook->env ? hook->env : init->spec->process.env, step);
  pid_fd = pidfd_open (pid, 0);
  if (pid_fd < 0)
    quilt_init_fail (init, QUILT_STAGE_FORK, errno, "", "");
  ended = wait_for_end (init, pid_fd, hook->timeout);
  status = end_all (init, pid);
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
