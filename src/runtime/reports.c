/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and waiting for reports of a container's init. */
#include "runtime/reports.h"

#include "base/error.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* The limit of one wait. An init sends a few warnings at most. */
#define REPORTS_MAX 256

static gboolean
fail (int r, const QuiltReport *report, GError **error)
{
  if (r > 0 && report->type == QUILT_REPORT_BORN)
    close (report->error);
  if (r > 0)
    quilt_report_to_error (report, error);
  else
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "The process's init ended before the command was executed: it was killed, or "
                 "ran out of memory");
  return FALSE;
}

/* Whether there were too many reports: a process of the container that may trace the init can send
 * reports in its name. */
static gboolean
is_flooded (QuiltReportsWait *wait, GError **error)
{
  if (++wait->n_reports <= REPORTS_MAX)
    return FALSE;
  g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                       "Failed to start the process: the container sends reports in the name of "
                       "the process's init");
  return TRUE;
}

/* As quilt_reports_read(), for one report. Returns 0 if there may be more. */
static int
handle (QuiltReportsWait *wait,
        const QuiltPayload *payload,
        const QuiltReport *report,
        GError **error)
{
  if (is_flooded (wait, error)) {
    if (report->type == QUILT_REPORT_BORN)
      close (report->error);
    return -1;
  }
  if (report->type == QUILT_REPORT_WARNING) /* the command is executed despite a warning */
    return 0;
  if (report->type == QUILT_REPORT_LISTENER && wait->taker && wait->taker->hand_over) {
    if (wait->taker->hand_over (report, payload->pid_fd, wait->taker->data, error))
      return 0;
    quilt_report_prefer (payload->channel, error);
    return -1;
  }
  if (report->type != wait->until)
    return fail (1, report, error) - 1;
  wait->executes = wait->until == QUILT_REPORT_EXEC;
  return !wait->executes;
}

int
quilt_reports_read (QuiltReportsWait *wait,
                    const QuiltPayload *payload,
                    QuiltReport *ret_report,
                    GError **error)
{
  QuiltReport report;
  int r, done;

  while ((r = quilt_report_receive (payload->channel, &report)) > 0) {
    done = handle (wait, payload, &report, error);
    if (done == 0)
      continue;
    if (done > 0)
      *ret_report = report;
    return done;
  }
  if (r == 0 && wait->executes)
    return 1;
  if (r < 0 && errno == EAGAIN)
    return 0;
  return fail (0, NULL, error) - 1;
}

static gboolean
await (QuiltReportsWait *wait, const QuiltPayload *payload, QuiltReport *ret_report, GError **error)
{
  struct pollfd more = {payload->channel, POLLIN, 0};
  int r;

  while ((r = quilt_reports_read (wait, payload, ret_report, error)) == 0)
    poll (&more, 1, -1);
  return r > 0;
}

gboolean
quilt_reports_await (int channel, QuiltReportType type, GError **error)
{
  const QuiltPayload payload = {.pid_fd = -1, .channel = channel};
  QuiltReportsWait wait = {.until = type};
  QuiltReport report;

  return await (&wait, &payload, &report, error);
}

gboolean
quilt_reports_await_end (int channel, GError **error)
{
  QuiltReport report;
  int r = quilt_report_await (channel, &report);

  return r == 0 || fail (r, &report, error);
}

gboolean
quilt_reports_await_birth (QuiltPayload *payload,
                           const QuiltSpec *spec,
                           const QuiltListenerTaker *taker,
                           GError **error)
{
  QuiltReportsWait wait = {.until = QUILT_REPORT_BORN, .taker = taker};
  QuiltReport report;

  return await (&wait, payload, &report, error) &&
         quilt_payload_take_over (payload, spec, &report, error);
}

gboolean
quilt_reports_await_created (const QuiltPayload *payload,
                             const QuiltListenerTaker *taker,
                             GError **error)
{
  QuiltReportsWait wait = {.until = QUILT_REPORT_CREATED, .taker = taker};
  QuiltReport report;

  return await (&wait, payload, &report, error);
}

gboolean
quilt_reports_await_command (const QuiltPayload *payload,
                             const QuiltListenerTaker *taker,
                             GError **error)
{
  QuiltReportsWait wait = {.until = QUILT_REPORT_EXEC, .taker = taker};
  QuiltReport report;

  return await (&wait, payload, &report, error);
}

gboolean
quilt_reports_answer (const QuiltPayload *payload, GError **error)
{
  return quilt_payload_continue (payload) || fail (0, NULL, error);
}
