/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and waiting for reports of a container's init. See core/program/report.h. */
#pragma once

#include "runtime/payload.h"

/* Takes the listener of linux.seccomp from the init when the init reports it, and lets the init
 * continue. hand_over is NULL if the container can't have a listener. */
typedef struct {
  gboolean (*hand_over) (const QuiltReport *report, int pid_fd, gconstpointer data, GError **error);
  gconstpointer data;
} QuiltListenerTaker;

/* One wait for a report of an init. The caller sets until and taker; the rest begins as 0. */
typedef struct {
  /* EXEC: the wait ends at the end of file that follows, when the command is executed */
  QuiltReportType until;
  const QuiltListenerTaker *taker; /* NULL: a reported listener is an error */
  guint n_reports;
  gboolean executes;
} QuiltReportsWait;

/* Reads the reports that have arrived, without waiting for more. Returns 1 if the awaited report is
 * among them: *ret_report, whose descriptor belongs to the caller. Returns 0 if not; call again
 * when payload->channel is readable. Returns -1 with an error if the report can't arrive any more.
 * Hands a reported listener over, which may block. */
int quilt_reports_read (QuiltReportsWait *wait,
                        const QuiltPayload *payload,
                        QuiltReport *ret_report,
                        GError **error);

/* The following functions block. */

/* Waits for a report of this type. If the init reports a failure instead, sets that error. */
gboolean quilt_reports_await (int channel, QuiltReportType type, GError **error);

/* Waits until the init has closed the channel. */
gboolean quilt_reports_await_end (int channel, GError **error);

/* Waits until the init has made its child in the pid namespace that it joins. From then on payload
 * is that child, which waits for quilt_reports_answer(). Hands the listener over if the init
 * reports it. */
gboolean quilt_reports_await_birth (QuiltPayload *payload,
                                    const QuiltSpec *spec,
                                    const QuiltListenerTaker *taker,
                                    GError **error);

/* Waits until the init is about to wait at the gate. Hands the listener over if the init reports
 * it. */
gboolean quilt_reports_await_created (const QuiltPayload *payload,
                                      const QuiltListenerTaker *taker,
                                      GError **error);

/* Waits until the command is executed. Hands the listener over if the init reports it. */
gboolean quilt_reports_await_command (const QuiltPayload *payload,
                                      const QuiltListenerTaker *taker,
                                      GError **error);

/* Tells the waiting init to continue. */
gboolean quilt_reports_answer (const QuiltPayload *payload, GError **error);
