/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts the file system of a container that does not run. */
#include "copy/build.h"

#include "base/error.h"
#include "runtime/reports.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#define SPEC_BYTES_MAX (4 * 1024 * 1024)

static QuiltSpec *
read_spec (int fd, GError **error)
{
  g_autofree char *text = g_malloc (SPEC_BYTES_MAX);
  gsize length = 0;
  ssize_t n;

  while ((n = read (fd, text + length, SPEC_BYTES_MAX - length)) > 0)
    length += (gsize)n;
  if (n == 0 && length < SPEC_BYTES_MAX)
    return quilt_spec_parse (text, length, error);
  quilt_set_error_errno (error, n < 0 ? errno : EFBIG,
                         "Failed to read the container's configuration");
  return NULL;
}

gboolean
quilt_copy_build (int fd, QuiltPayload *ret_payload, QuiltSpec **ret_spec, GError **error)
{
  const QuiltPayloadSetup setup = QUILT_PAYLOAD_SETUP_NONE;
  g_auto (QuiltPayload) payload = QUILT_PAYLOAD_NONE;
  g_autoptr (QuiltSpec) spec = read_spec (fd, error);
  sigset_t all;

  sigfillset (&all);
  if (!spec || (sigprocmask (SIG_SETMASK, &all, NULL) < 0 &&
                !quilt_set_error_errno (error, errno, "Failed to block signals")))
    return FALSE;
  if (!quilt_payload_start (spec, &setup, &payload, error) ||
      !quilt_reports_await (payload.channel, QUILT_REPORT_READY, error))
    return FALSE;
  *ret_payload = payload;
  payload = (QuiltPayload)QUILT_PAYLOAD_NONE;
  *ret_spec = g_steal_pointer (&spec);
  return TRUE;
}
