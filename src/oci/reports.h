/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listening to a container's init, which says how far it is. */
#pragma once

#include "core/payload.h"

/* Waits for the report; what failed instead is the error. */
gboolean quilt_oci_reports_await (int channel, QuiltReportType type, GError **error);

/* Waits until it has closed the channel: after EXEC, the command runs then. */
gboolean quilt_oci_reports_await_end (int channel, GError **error);

/* The word to go on. */
gboolean quilt_oci_reports_answer (const QuiltPayload *payload, GError **error);
