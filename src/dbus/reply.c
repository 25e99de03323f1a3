/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answer to a call. */
#include "dbus/reply.h"

#include "base/fd.h"

void
quilt_dbus_reply_clear (QuiltDbusReply *reply)
{
  g_clear_pointer (&reply->body, g_variant_unref);
  g_clear_error (&reply->error);
  for (guint i = 0; i < reply->n_fds && reply->fds; i++)
    quilt_fd_clear (&reply->fds[i]);
  g_clear_pointer (&reply->fds, g_free);
}
