/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The result of a run: how the container ended, or why it never ran. */
#include "supervisor/supervisor.h"

#include "base/error.h"

#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

/* Bytes of output that an error quotes. */
#define WORDS_MAX 1024

void
quilt_supervisor_kill_payload (QuiltSupervisor *self)
{
  self->killed = TRUE;
  self->kill_usec = 0;
  if (self->payload.pid_fd >= 0)
    pidfd_send_signal (self->payload.pid_fd, SIGKILL, NULL, 0);
}

void
quilt_supervisor_fail (QuiltSupervisor *self, const GError *why, guint step)
{
  if (self->result.type != 0)
    return;
  quilt_message_init (&self->result, QUILT_MESSAGE_FAILED);
  self->result.code = why->domain == QUILT_ERROR ? why->code : QUILT_ERROR_FAILED;
  self->result.step = step;
  quilt_message_set_text (&self->result, why->message);
  quilt_supervisor_kill_payload (self);
}

/* The last output of the setup step, as one printable line. */
static char *
last_words (const GString *tail)
{
  gsize length = MIN (tail->len, WORDS_MAX);
  g_autofree char *text = g_utf8_make_valid (tail->str + tail->len - length, (gssize)length);
  g_auto (GStrv) lines = g_strsplit (g_strstrip (text), "\n", -1);
  guint n = g_strv_length (lines);
  char *words = g_strjoinv (" / ", lines + (n > 3 ? n - 3 : 0));

  for (char *p = words; *p; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  return words;
}

/* Called after all output was read, since the last output of a failed step belongs to the
 * reason. */
void
quilt_supervisor_complete_result (QuiltSupervisor *self)
{
  QuiltStream stream = self->spec->process.terminal ? QUILT_STREAM_STDOUT : QUILT_STREAM_STDERR;
  g_autofree char *words = NULL;
  g_autofree char *text = NULL;

  if (self->result.type != QUILT_MESSAGE_FAILED || self->result.step == 0)
    return;
  words = last_words (self->outputs[stream].tail);
  if (!*words)
    return;
  text = g_strdup_printf ("%s; its last output: %s", self->result.text, words);
  quilt_message_set_text (&self->result, text);
}

/* Exit codes as in a shell. */
static int
exit_code_of (const QuiltReport *report)
{
  if (report->type == QUILT_REPORT_COMMAND_BAD)
    return report->problem == QUILT_COMMAND_NOT_FOUND || report->problem == QUILT_COMMAND_DANGLING
               ? 127
               : 126;
  if (report->type != QUILT_REPORT_STEP_FAILED || report->timed_out)
    return 0;
  return WIFSIGNALED (report->status) ? 128 + WTERMSIG (report->status)
                                      : WEXITSTATUS (report->status);
}

void
quilt_supervisor_fail_by_report (QuiltSupervisor *self, const QuiltReport *report)
{
  g_autoptr (GError) error = NULL;

  if (self->result.type != 0)
    return;
  quilt_report_to_error (report, &error);
  quilt_supervisor_fail (self, error, report->step ? report->step : self->step);
  self->result.exit_code = exit_code_of (report);
}

/* The init ended without a report, so it was probably killed. */
static void
fail_by_signal (QuiltSupervisor *self, const siginfo_t *info)
{
  gboolean oom = info->si_code != CLD_EXITED && info->si_status == SIGKILL &&
                 quilt_oom_ended_first (&self->oom, FALSE, g_get_monotonic_time ());
  g_autoptr (GError) why = NULL;

  if (oom)
    why = g_error_new (QUILT_ERROR, QUILT_ERROR_FAILED,
                       "The kernel killed the container before it executed the command, because "
                       "its memory ran out; raise its limit with --memory");
  else
    why = g_error_new (QUILT_ERROR, QUILT_ERROR_FAILED,
                       "The container's init ended with %s %d before it executed the command",
                       info->si_code == CLD_EXITED ? "exit code" : "signal", info->si_status);
  quilt_supervisor_fail (self, why, self->step);
}

static const char *
set_exit (QuiltSupervisor *self, const siginfo_t *info)
{
  QuiltMessage *result = &self->result;
  gboolean by_child;

  quilt_message_init (result, QUILT_MESSAGE_EXITED);
  result->pid = self->payload.pid;
  result->signal = info->si_code == CLD_EXITED ? 0 : info->si_status;
  result->exit_code = result->signal ? 128 + result->signal : info->si_status;
  /* With --init, our init's exit code tells how the command ended. */
  by_child = result->signal == 0 && quilt_spec_has_init (self->spec);
  if (self->oom.kills > 0)
    self->flags |= QUILT_MESSAGE_FLAG_OOM;
  if (result->exit_code == 128 + SIGKILL && (result->signal || by_child) && !self->killed &&
      quilt_oom_ended_first (&self->oom, by_child, g_get_monotonic_time ()))
    return "oom-killed";
  if (self->flags & QUILT_MESSAGE_FLAG_STOPPING)
    return "stopped";
  return result->signal ? "signaled" : "exited";
}

void
quilt_supervisor_judge_end (QuiltSupervisor *self, const siginfo_t *info)
{
  if (self->phase == QUILT_SUPERVISOR_RUNNING)
    quilt_message_set_text (&self->result, set_exit (self, info));
  else
    fail_by_signal (self, info);
  self->result.time_usec = (guint64)g_get_real_time ();
  self->result.flags = self->flags;
  self->result.done = self->log.budget.own;
}
