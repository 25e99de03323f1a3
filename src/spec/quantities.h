/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes, CPU times and durations, as users type them. Pure. */
#pragma once

#include <glib.h>

/* Stands for "no limit". */
#define QUILT_INFINITY G_MAXUINT64
/* "512", "512k", "64M", "1.5G", "infinity" → bytes (1024-based as podman and systemd). */
gboolean quilt_parse_bytes (const char *text, guint64 *ret_bytes, GError **error);
/* "1.5" CPUs, "150%", "infinity" → µs of CPU time per second. */
gboolean quilt_parse_cpus (const char *text, guint64 *ret_usec, GError **error);
/* A limit with podman's spelling: a size, or "-1" for "infinity". */
gboolean quilt_parse_byte_limit (const char *text, guint64 *ret_bytes, GError **error);
/* "10" (s), "1.5s", "500ms", "2min", "1h", "infinity" → µs. */
gboolean quilt_parse_duration (const char *text, guint64 *ret_usec, GError **error);
