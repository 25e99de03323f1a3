/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values as people read them. Each result is owned by the caller. */
#pragma once

#include <glib.h>

/* One line of printable UTF-8, made from an untrusted string of any length. */
char *quilt_text_line (const char *text);

/* Columns that printable UTF-8 takes on a terminal. */
guint quilt_text_width (const char *text);

/* At most width columns of it, a cut shown by "…". */
char *quilt_text_ellipsize (const char *text, guint width);

/* "3min ago", "2 days ago"; "-" for 0. */
char *quilt_text_ago (guint64 usec, guint64 now_usec);

/* "Mon 2026-11-23 12:56:53 UTC", in local time; "-" for 0. */
char *quilt_text_time (guint64 usec);

/* "512B", "1.5G"; "infinity" for QUILT_INFINITY. */
char *quilt_text_bytes (guint64 bytes);

/* "10s", "1min 30s", "500ms"; "infinity". */
char *quilt_text_duration (guint64 usec);

/* "1.5" CPUs of µs per second; "infinity". */
char *quilt_text_cpus (guint64 usec);

/* The first 12 digits of an ID or a digest; anything else as it is. */
char *quilt_text_short_id (const char *id);

/* Takes JSON text apart from what would move a terminal: C1 control characters as \u00NN. */
char *quilt_text_json_printable (const char *json);
