/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listening to a container's init, which says how far it is. */
#pragma once

#include "core/payload.h"
#include "oci/state/container.h"

/* Waits for the report; what failed instead is the error. */
gboolean quilt_oci_reports_await (int channel, QuiltReportType type, GError **error);

/* Waits until it has closed the channel. */
gboolean quilt_oci_reports_await_end (int channel, GError **error);

/* Waits until the init has a child in the pid namespace that it joins: payload is that child from
 * then on, which waits for a word. Hands the listener over on the way, as the next does. */
gboolean quilt_oci_reports_await_birth (QuiltPayload *payload,
                                        const QuiltOciContainer *container,
                                        const QuiltSpec *spec,
                                        GError **error);

/* Waits until it is about to wait at the gate; hands its listener over on the way. */
gboolean quilt_oci_reports_await_created (const QuiltPayload *payload,
                                          const QuiltOciContainer *container,
                                          const QuiltSpec *spec,
                                          GError **error);

/* Waits until the command of payload runs; hands its listener over on the way, if linux.seccomp has
 * one. */
gboolean quilt_oci_reports_await_command (QuiltPayload *payload,
                                          const QuiltOciContainer *container,
                                          const QuiltSpec *spec,
                                          GError **error);

/* If the init has said by now what failed, that is the error, in place of what it led to. */
void quilt_oci_reports_prefer (int channel, GError **error);

/* The word to go on. */
gboolean quilt_oci_reports_answer (const QuiltPayload *payload, GError **error);
