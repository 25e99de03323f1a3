/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listening to a container's init. */
#include "oci/reports.h"

#include "base/error.h"
#include "base/fd.h"
#include "oci/listener.h"

#include <errno.h>
#include <poll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

/* As quilt_report_receive(), but waits. */
static int
receive (int channel, QuiltReport *ret_report)
{
  struct pollfd more = {channel, POLLIN, 0};
  int r;

  while ((r = quilt_report_receive (channel, ret_report)) < 0 && errno == EAGAIN)
    poll (&more, 1, -1);
  return r;
}

static gboolean
fail (int r, const QuiltReport *report, GError **error)
{
  if (r > 0)
    quilt_report_to_error (report, error);
  else
    g_set_error (
        error, QUILT_ERROR, QUILT_ERROR_FAILED,
        "The container's init ended before the command was executed: it was killed, or had "
        "no memory");
  return FALSE;
}

gboolean
quilt_oci_reports_await (int channel, QuiltReportType type, GError **error)
{
  QuiltReport report;
  int r;

  do
    r = receive (channel, &report);
  while (r > 0 && report.type == QUILT_REPORT_WARNING);
  return (r > 0 && report.type == type) || fail (r, &report, error);
}

gboolean
quilt_oci_reports_await_end (int channel, GError **error)
{
  QuiltReport report;
  int r = receive (channel, &report);

  return r == 0 || fail (r, &report, error);
}

void
quilt_oci_reports_prefer (int channel, GError **error)
{
  QuiltReport report;

  if (quilt_report_receive (channel, &report) <= 0 ||
      (report.type != QUILT_REPORT_STAGE_FAILED && report.type != QUILT_REPORT_HOOK_FAILED))
    return;
  g_clear_error (error);
  quilt_report_to_error (&report, error);
}

/* By its descriptor it is known as our child: the container may have had a hand in the number. */
static gboolean
take_over (QuiltPayload *payload, pid_t pid, GError **error)
{
  g_autofd int pid_fd = pidfd_open (pid, 0);
  siginfo_t info;

  if (pid_fd < 0 || waitid (P_PIDFD, (id_t)pid_fd, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
    return quilt_set_error_errno (error, errno, "Failed to look at the executed process");
  waitpid (payload->pid, NULL, 0);
  quilt_fd_clear (&payload->pid_fd);
  payload->pid = pid;
  payload->pid_fd = g_steal_fd (&pid_fd);
  return TRUE;
}

gboolean
quilt_oci_reports_await_command (QuiltPayload *payload,
                                 const QuiltOciContainer *container,
                                 const QuiltSpec *spec,
                                 GError **error)
{
  gboolean executes = FALSE;
  QuiltReport report;

  for (;;) {
    int r = receive (payload->channel, &report);

    if (r > 0 && report.type == QUILT_REPORT_WARNING) /* it is tried anyway */
      continue;
    if (r > 0 && report.type == QUILT_REPORT_LISTENER) {
      if (!quilt_oci_listener_hand_over (&report, payload->pid_fd, container, spec, error)) {
        quilt_oci_reports_prefer (payload->channel, error);
        return FALSE;
      }
      continue;
    }
    if (r <= 0 || report.type != QUILT_REPORT_EXEC)
      return (r == 0 && executes) || fail (r, &report, error);
    if (report.status != 0 && !take_over (payload, report.status, error))
      return FALSE;
    executes = TRUE;
  }
}

gboolean
quilt_oci_reports_answer (const QuiltPayload *payload, GError **error)
{
  return quilt_payload_continue (payload) || fail (0, NULL, error);
}
