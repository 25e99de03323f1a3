/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Passes bytes and descriptors from one blocking socket to another. */
#include "daemon/relay/pass.h"

void
quilt_passed_fds_close (QuiltPassedFds *self)
{
  for (guint i = 0; i < self->n; i++)
    quilt_fd_clear (&self->fds[i]);
  self->n = 0;
}

gboolean
quilt_pass (int socket, const guint8 *data, gsize size, QuiltPassedFds *descriptors)
{
  gsize sent = 0;

  if (descriptors->n > 0 && quilt_fds_send (socket, data, 1, descriptors->fds, descriptors->n))
    sent = 1;
  quilt_passed_fds_close (descriptors);
  return quilt_fds_write_all (socket, data + sent, size - sent, NULL, 0);
}

gboolean
quilt_read_exactly (int socket, guint8 *data, gsize size, QuiltPassedFds *descriptors)
{
  gsize have = 0;

  while (have < size) {
    QuiltPassedFds more;
    gssize n = quilt_fds_read (socket, data + have, size - have, more.fds, &more.n);

    if (n <= 0)
      return FALSE;
    have += (gsize)n;
    if (descriptors->n == 0)
      *descriptors = more;
    else
      quilt_passed_fds_close (&more); /* the bus sends them with the first byte */
  }
  return TRUE;
}

gboolean
quilt_pass_rest (int from, int to, guint8 *chunk, gsize size)
{
  while (size > 0) {
    g_auto (QuiltPassedFds) descriptors = {0};
    gsize n = MIN (size, QUILT_PASS_CHUNK);

    if (!quilt_read_exactly (from, chunk, n, &descriptors) ||
        (to >= 0 && !quilt_pass (to, chunk, n, &descriptors)))
      return FALSE;
    size -= n;
  }
  return TRUE;
}
