/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors, for people on stderr and for engines in a file, in the format of runc and crun. */
#pragma once

#include <glib.h>

typedef struct {
  int fd; /* of --log; -1: none */
  gboolean json;
  gboolean debug;
} QuiltOciLog;

/* Opens the file of --log (NULL: none) to append to it, and reads --log-format (NULL: text). */
gboolean quilt_oci_log_open (
    QuiltOciLog *log, const char *path, const char *format, gboolean debug, GError **error);

/* One line, one write: of an error to the file and to stderr, where the message stands alone. */
void quilt_oci_log_error (const QuiltOciLog *log, const char *message);
/* Logs a warning: to the file, or to stderr without a file. */
void quilt_oci_log_warning (const QuiltOciLog *log, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* With --debug only; to the file, or to stderr where there is none. */
void quilt_oci_log_debug (const QuiltOciLog *log, const char *message);

/* The line with its newline: a JSON object or key=value, "time" being of usec since 1970. level is
 * "error", "warning" or "debug". Pure. Owned by the caller. */
char *quilt_oci_log_format (gboolean json, const char *level, const char *message, gint64 usec);

/* The error's message with the words by which engines know that a command is not there (their exit
 * code 127) or can't be executed (126); see docs/man/quilt-oci.1.rst. Pure. Owned by the caller. */
char *quilt_oci_log_word (const GError *error);
