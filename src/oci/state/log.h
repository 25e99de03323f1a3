/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Logs errors for people on stderr, and for engines to a file in the format of runc and crun. */
#pragma once

#include <glib.h>

typedef struct {
  int fd; /* the file of --log; -1: none */
  gboolean json;
  gboolean debug;
} QuiltOciLog;

/* Opens the file of --log (NULL: none) for appending, and parses --log-format (NULL: text). */
gboolean quilt_oci_log_open (
    QuiltOciLog *log, const char *path, const char *format, gboolean debug, GError **error);

/* Logs an error as one line, with one write: to the file in the format, and to stderr as the
 * message alone. */
void quilt_oci_log_error (const QuiltOciLog *log, const char *message);
/* Logs a warning to the file, or to stderr if there is no file. */
void quilt_oci_log_warning (const QuiltOciLog *log, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* With --debug, logs to the file, or to stderr if there is no file. */
void quilt_oci_log_debug (const QuiltOciLog *log, const char *message);

/* Formats a line with its newline: a JSON object or key=value. "time" is usec since 1970. level is
 * "error", "warning" or "debug". Pure. Owned by the caller. */
char *quilt_oci_log_format (gboolean json, const char *level, const char *message, gint64 usec);

/* The error's message in the words by which engines recognize that a command does not exist (their
 * exit code 127) or can't be executed (126); see docs/man/quilt-oci.1.rst. Pure. Owned by the
 * caller. */
char *quilt_oci_log_word (const GError *error);
