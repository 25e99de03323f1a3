/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The errors that callers of Quilt can tell apart. On the bus each is org.quilt.Error.NAME. */
#pragma once

#include <glib.h>

#define QUILT_ERROR (quilt_error_quark ())

typedef enum {
  QUILT_ERROR_FAILED,
  QUILT_ERROR_NOT_FOUND,
  QUILT_ERROR_AMBIGUOUS,
  QUILT_ERROR_EXISTS,
  QUILT_ERROR_BUSY,
  QUILT_ERROR_INVALID_ARGUMENT,
  QUILT_ERROR_INVALID_STATE,
  QUILT_ERROR_NOT_SUPPORTED,
  QUILT_ERROR_NOT_AUTHORIZED,
  QUILT_ERROR_COMMAND_NOT_FOUND,
  QUILT_ERROR_COMMAND_NOT_EXECUTABLE,
  QUILT_ERROR_SETUP_FAILED,
  QUILT_ERROR_BAD_ARCHIVE,
  QUILT_ERROR_NO_SPACE,
  QUILT_ERROR_TIMED_OUT,
  QUILT_ERROR_CANCELLED,
  QUILT_ERROR_QUOTA_EXCEEDED,
  QUILT_N_ERRORS,
} QuiltError;

/* The option of a container that an error is about. Only base/option-error.h uses it. Both members
 * are NULL if the error is not about an option. */
typedef struct {
  char *key;
  char *problem;
} QuiltErrorOption;

GQuark quilt_error_quark (void);

/* Borrowed from error. NULL if the error's domain is not QUILT_ERROR. */
QuiltErrorOption *quilt_error_get_option (const GError *error);

/* The name after "org.quilt.Error.", a static string; "Failed" for a code out of range. */
const char *quilt_error_to_name (int code);

/* The code for a name that quilt_error_to_name() returns; QUILT_ERROR_FAILED for any other name. */
QuiltError quilt_error_from_name (const char *name);

/* Sets the message "FORMAT: strerror (errsv)" with the code that fits errsv: NO_SPACE for ENOSPC
 * and EDQUOT, BUSY if a retry may succeed (no descriptor, memory or buffer is free now), otherwise
 * FAILED. Returns FALSE, so that a caller can return the result. */
gboolean quilt_set_error_errno (GError **error, int errsv, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
