/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for what a container's init reports. Blocking; see core/program/report.h. */
#pragma once

#include "runtime/payload.h"

/* Whoever takes the listener of linux.seccomp from the init, once that reports it, and lets the
 * init go on. hand_over NULL: no container here has a listener. */
typedef struct {
  gboolean (*hand_over) (const QuiltReport *report, int pid_fd, gconstpointer data, GError **error);
  gconstpointer data;
} QuiltListenerTaker;

/* Waits for the report; what failed instead is the error. */
gboolean quilt_reports_await (int channel, QuiltReportType type, GError **error);

/* Waits until it has closed the channel. */
gboolean quilt_reports_await_end (int channel, GError **error);

/* Waits until the init has a child in the pid namespace that it joins: payload is that child from
 * then on, which waits for a word. Hands the listener over on the way, as the next does. */
gboolean quilt_reports_await_birth (QuiltPayload *payload,
                                    const QuiltSpec *spec,
                                    const QuiltListenerTaker *taker,
                                    GError **error);

/* Waits until it is about to wait at the gate; hands its listener over on the way. */
gboolean quilt_reports_await_created (const QuiltPayload *payload,
                                      const QuiltListenerTaker *taker,
                                      GError **error);

/* Waits until the command of payload runs; hands its listener over on the way, if linux.seccomp has
 * one. */
gboolean quilt_reports_await_command (const QuiltPayload *payload,
                                      const QuiltListenerTaker *taker,
                                      GError **error);

/* If the init has said by now what failed, that is the error, in place of what it led to. */
void quilt_reports_prefer (int channel, GError **error);

/* The word to go on. */
gboolean quilt_reports_answer (const QuiltPayload *payload, GError **error);
