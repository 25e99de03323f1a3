/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses points in time. */
#pragma once

#include <glib.h>

/* Parses "2026-11-23 12:00[:00[.5]]", "2026-11-23", RFC 3339, "12:00[:00]" of today, "today",
 * "yesterday", "now", "@SECONDS", "SECONDS", "10min ago", "-10min", "10m", "1 hour ago". Without a
 * zone, local time is meant. The result is in µs since 1970. Sets INVALID_ARGUMENT for other texts.
 * See systemd.time(7). */
gboolean quilt_when_parse (const char *text, guint64 now_usec, guint64 *ret_usec, GError **error);
