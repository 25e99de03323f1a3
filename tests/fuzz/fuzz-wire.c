/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages from a helper and from the container's init: each is accepted as a whole, with printable
 * texts, or refused. */
#include "fuzz.h"

#include "base/error.h"
#include "base/fd.h"
#include "core/program/report.h"
#include "proto/message.h"
#include "proto/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* An accepted message must be the same after it was sent again. */
static void
check_again (const QuiltMessage *message, GBytes *body)
{
  const QuiltWire wire = {.body = body ? g_bytes_get_data (body, NULL) : NULL,
                          .body_size = body ? g_bytes_get_size (body) : 0};
  guint8 bytes[QUILT_WIRE_SIZE_MAX];
  QuiltMessage again;
  QuiltWire ignored;

  if (wire.body_size > QUILT_WIRE_BODY_MAX)
    return;
  FUZZ_CHECK (
      quilt_wire_decode (bytes, quilt_wire_encode (message, &wire, bytes), &again, &ignored));
  FUZZ_CHECK (memcmp (message, &again, sizeof again) == 0);
}

static void
check_message (int socket)
{
  g_autoptr (GBytes) body = NULL;
  QuiltMessage message;
  int fds[2];
  guint n_fds;
  int r = quilt_message_receive_body (socket, &message, fds, G_N_ELEMENTS (fds), &n_fds, &body);

  if (r < 0) {
    FUZZ_CHECK (errno == EBADMSG || errno == EPROTONOSUPPORT);
    FUZZ_CHECK (n_fds == 0);
    return;
  }
  if (r == 0)
    return;
  for (guint i = 0; i < n_fds; i++)
    quilt_fd_clear (&fds[i]);
  FUZZ_CHECK (message.version == QUILT_MESSAGE_VERSION ||
              message.version == QUILT_MESSAGE_VERSION_1);
  FUZZ_CHECK (strnlen (message.text, sizeof message.text) < sizeof message.text);
  FUZZ_CHECK (g_utf8_validate (message.text, -1, NULL));
  FUZZ_CHECK (!body || g_bytes_get_size (body) <= QUILT_MESSAGE_BODY_MAX);
  check_again (&message, body);
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
  case QUILT_REPORT_BORN:
    quilt_fd_clear (&report.error); /* the descriptor that came along */
    break;
  default:
    break;
  }
}

/* A memory file of 100 bytes; sealed, as that of a body is, or not. */
static int
new_file (gboolean sealed)
{
  const int fd = memfd_create ("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  FUZZ_CHECK (ftruncate (fd, 100) == 0);
  if (sealed)
    FUZZ_CHECK (fcntl (fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0);
  return fd;
}

/* The first byte says who listens, how many files come along (0 to 3), and whether they are sealed.
 */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  int sockets[2], fds[3];
  guint n_fds;

  if (size < 1 || size > 16 * 1024 ||
      socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets) < 0)
    return 0;
  n_fds = data[0] >> 1 & 3;
  for (guint i = 0; i < n_fds; i++)
    fds[i] = new_file (data[0] & 8);
  FUZZ_CHECK (quilt_fds_send (sockets[0], data + 1, size - 1, fds, n_fds));
  if (data[0] & 1)
    check_message (sockets[1]);
  else
    check_report (sockets[1]);
  for (guint i = 0; i < n_fds; i++)
    quilt_fd_clear (&fds[i]);
  quilt_fd_clear (&sockets[0]);
  quilt_fd_clear (&sockets[1]);
  return 0;
}
