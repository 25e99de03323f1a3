/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes over a socket from a helper, or from the container's init: taken whole and in words
 * that can be shown, or refused. */
#include "fuzz.h"

#include "base/error.h"
#include "base/fd.h"
#include "core/program/report.h"
#include "proto/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static void
check_message (int socket)
{
  QuiltMessage message;
  int r = quilt_message_receive (socket, &message);

  if (r < 0) {
    FUZZ_CHECK (errno == EBADMSG);
    return;
  }
  if (r == 0)
    return;
  FUZZ_CHECK (message.version == QUILT_MESSAGE_VERSION);
  FUZZ_CHECK (strnlen (message.text, sizeof message.text) < sizeof message.text);
  FUZZ_CHECK (g_utf8_validate (message.text, -1, NULL));
}

static void
check_report (int socket)
{
  g_autofree char *warning = NULL;
  GError *error = NULL;
  QuiltReport report;
  int r = quilt_report_receive (socket, &report);

  if (r < 0) {
    FUZZ_CHECK (errno == EBADMSG);
    return;
  }
  if (r == 0)
    return;
  switch (report.type) {
  case QUILT_REPORT_STAGE_FAILED:
  case QUILT_REPORT_COMMAND_BAD:
  case QUILT_REPORT_STEP_FAILED:
    quilt_report_to_error (&report, &error);
    FUZZ_CHECK_REFUSED (error);
    break;
  case QUILT_REPORT_WARNING:
    warning = quilt_report_to_warning (&report);
    FUZZ_CHECK (g_utf8_validate (warning, -1, NULL));
    break;
  default:
    break;
  }
}

/* The first byte says who listens. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  int sockets[2];

  if (size < 1 || size > 16 * 1024 ||
      socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets) < 0)
    return 0;
  FUZZ_CHECK (send (sockets[0], data + 1, size - 1, MSG_NOSIGNAL) == (ssize_t)(size - 1));
  if (data[0] & 1)
    check_message (sockets[1]);
  else
    check_report (sockets[1]);
  quilt_fd_clear (&sockets[0]);
  quilt_fd_clear (&sockets[1]);
  return 0;
}
