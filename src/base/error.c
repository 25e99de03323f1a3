/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of Quilt's error names, and the one wording for a failed system call. */
#include "base/error.h"

#include <errno.h>

static const char *const names[] = {
    [QUILT_ERROR_FAILED] = "Failed",
    [QUILT_ERROR_NOT_FOUND] = "NotFound",
    [QUILT_ERROR_AMBIGUOUS] = "Ambiguous",
    [QUILT_ERROR_EXISTS] = "Exists",
    [QUILT_ERROR_BUSY] = "Busy",
    [QUILT_ERROR_INVALID_ARGUMENT] = "InvalidArgument",
    [QUILT_ERROR_INVALID_STATE] = "InvalidState",
    [QUILT_ERROR_NOT_SUPPORTED] = "NotSupported",
    [QUILT_ERROR_NOT_AUTHORIZED] = "NotAuthorized",
    [QUILT_ERROR_COMMAND_NOT_FOUND] = "CommandNotFound",
    [QUILT_ERROR_COMMAND_NOT_EXECUTABLE] = "CommandNotExecutable",
    [QUILT_ERROR_SETUP_FAILED] = "SetupFailed",
    [QUILT_ERROR_BAD_ARCHIVE] = "BadArchive",
    [QUILT_ERROR_NO_SPACE] = "NoSpace",
    [QUILT_ERROR_TIMED_OUT] = "TimedOut",
    [QUILT_ERROR_CANCELLED] = "Cancelled",
    [QUILT_ERROR_QUOTA_EXCEEDED] = "QuotaExceeded",
};

G_STATIC_ASSERT (G_N_ELEMENTS (names) == QUILT_N_ERRORS);

typedef QuiltErrorOption QuiltErrorPrivate;

static void
quilt_error_private_init (QuiltErrorPrivate *self)
{
}

static void
quilt_error_private_copy (const QuiltErrorPrivate *from, QuiltErrorPrivate *to)
{
  to->key = g_strdup (from->key);
  to->problem = g_strdup (from->problem);
}

static void
quilt_error_private_clear (QuiltErrorPrivate *self)
{
  g_free (self->key);
  g_free (self->problem);
}

G_DEFINE_EXTENDED_ERROR (QuiltError, quilt_error)

QuiltErrorOption *
quilt_error_get_option (const GError *error)
{
  return error->domain == QUILT_ERROR ? quilt_error_get_private (error) : NULL;
}

const char *
quilt_error_to_name (int code)
{
  return code >= 0 && code < QUILT_N_ERRORS ? names[code] : names[QUILT_ERROR_FAILED];
}

QuiltError
quilt_error_from_name (const char *name)
{
  for (int i = 0; i < QUILT_N_ERRORS; i++)
    if (g_strcmp0 (names[i], name) == 0)
      return i;
  return QUILT_ERROR_FAILED;
}

static QuiltError
code_of (int errsv)
{
  switch (errsv) {
  case ENOSPC:
  case EDQUOT:
    return QUILT_ERROR_NO_SPACE;
  case EAGAIN:
  case EMFILE:
  case ENFILE:
  case ENOMEM:
  case ENOBUFS:
    return QUILT_ERROR_BUSY;
  default:
    return QUILT_ERROR_FAILED;
  }
}

gboolean
quilt_set_error_errno (GError **error, int errsv, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, QUILT_ERROR, code_of (errsv), "%s: %s", what, g_strerror (errsv));
  return FALSE;
}
