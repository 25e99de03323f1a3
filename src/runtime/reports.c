/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for reports of a container's init. */
#include "runtime/reports.h"

#include "base/error.h"

static gboolean
fail (int r, const QuiltReport *report, GError **error)
{
  if (r > 0)
    quilt_report_to_error (report, error);
  else
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "The container's init ended before the command was executed: it was killed, or "
                 "ran out of memory");
  return FALSE;
}

gboolean
quilt_reports_await (int channel, QuiltReportType type, GError **error)
{
  QuiltReport report;
  int r;

  do
    r = quilt_report_await (channel, &report);
  while (r > 0 && report.type == QUILT_REPORT_WARNING);
  return (r > 0 && report.type == type) || fail (r, &report, error);
}

gboolean
quilt_reports_await_end (int channel, GError **error)
{
  QuiltReport report;
  int r = quilt_report_await (channel, &report);

  return r == 0 || fail (r, &report, error);
}

void
quilt_reports_prefer (int channel, GError **error)
{
  QuiltReport report;

  if (quilt_report_receive (channel, &report) <= 0 ||
      (report.type != QUILT_REPORT_STAGE_FAILED && report.type != QUILT_REPORT_HOOK_FAILED))
    return;
  g_clear_error (error);
  quilt_report_to_error (&report, error);
}

/* Gets the next report other than a warning; the command is tried despite warnings. Hands a
 * reported listener over. *ret is as of quilt_report_await(). Returns FALSE if the hand-over
 * failed. */
static gboolean
next_report (const QuiltPayload *payload,
             const QuiltListenerTaker *taker,
             QuiltReport *ret_report,
             int *ret,
             GError **error)
{
  for (;;) {
    *ret = quilt_report_await (payload->channel, ret_report);
    if (*ret > 0 && ret_report->type == QUILT_REPORT_WARNING)
      continue;
    if (*ret <= 0 || ret_report->type != QUILT_REPORT_LISTENER || !taker->hand_over)
      return TRUE;
    if (!taker->hand_over (ret_report, payload->pid_fd, taker->data, error)) {
      quilt_reports_prefer (payload->channel, error);
      return FALSE;
    }
  }
}

gboolean
quilt_reports_await_birth (QuiltPayload *payload,
                           const QuiltSpec *spec,
                           const QuiltListenerTaker *taker,
                           GError **error)
{
  QuiltReport report;
  int r;

  if (!next_report (payload, taker, &report, &r, error))
    return FALSE;
  if (r <= 0 || report.type != QUILT_REPORT_BORN)
    return fail (r, &report, error);
  return quilt_payload_take_over (payload, spec, &report, error);
}

gboolean
quilt_reports_await_created (const QuiltPayload *payload,
                             const QuiltListenerTaker *taker,
                             GError **error)
{
  QuiltReport report;
  int r;

  return next_report (payload, taker, &report, &r, error) &&
         ((r > 0 && report.type == QUILT_REPORT_CREATED) || fail (r, &report, error));
}

gboolean
quilt_reports_await_command (const QuiltPayload *payload,
                             const QuiltListenerTaker *taker,
                             GError **error)
{
  gboolean executes = FALSE;
  QuiltReport report;
  int r;

  while (next_report (payload, taker, &report, &r, error)) {
    if (r <= 0 || report.type != QUILT_REPORT_EXEC)
      return (r == 0 && executes) || fail (r, &report, error);
    executes = TRUE;
  }
  return FALSE;
}

gboolean
quilt_reports_answer (const QuiltPayload *payload, GError **error)
{
  return quilt_payload_continue (payload) || fail (0, NULL, error);
}
