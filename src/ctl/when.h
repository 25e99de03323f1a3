/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Points in time as people type them. */
#pragma once

#include <glib.h>

/* "2026-11-23 12:00[:00[.5]]", "2026-11-23", RFC 3339, "12:00[:00]" of today, "today", "yesterday",
 * "now", "@SECONDS", "SECONDS", "10min ago", "-10min", "10m", "1 hour ago"; local time where no
 * zone is said. µs since 1970. INVALID_ARGUMENT for anything else. See systemd.time(7). */
gboolean quilt_when_parse (const char *text, guint64 now_usec, guint64 *ret_usec, GError **error);
