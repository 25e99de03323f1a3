/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Formats values for people. The caller owns each result. */
#pragma once

#include <glib.h>

/* One line of printable UTF-8 from an untrusted string of any length. */
char *quilt_text_line (const char *text);

/* The number of terminal columns that printable UTF-8 takes. */
guint quilt_text_width (const char *text);

/* Cuts printable UTF-8 to at most width columns; a cut is shown by "…". */
char *quilt_text_ellipsize (const char *text, guint width);

/* "3min ago", "2 days ago"; "-" for 0. */
char *quilt_text_ago (guint64 usec, guint64 now_usec);

/* "Mon 2026-11-23 12:56:53 UTC", in local time; "-" for 0. */
char *quilt_text_time (guint64 usec);

/* "512B", "1.5G"; "infinity" for QUILT_INFINITY. */
char *quilt_text_bytes (guint64 bytes);

/* "10s", "1min 30s", "500ms"; "infinity". */
char *quilt_text_duration (guint64 usec);

/* µs per second as a number of CPUs, "1.5"; "infinity". */
char *quilt_text_cpus (guint64 usec);

/* The first 12 digits of an ID or a digest; other texts unchanged. */
char *quilt_text_short_id (const char *id);

/* Escapes the C1 control characters in JSON text as \u00NN, since they would move a terminal. */
char *quilt_text_json_printable (const char *json);
