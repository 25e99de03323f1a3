/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answer to a call. */
#pragma once

#include <glib.h>

typedef struct {
  GVariant *body; /* NULL: error is set */
  GError *error;
  int *fds; /* descriptors that the handles in body index; set those that you keep to -1 */
  guint n_fds;
} QuiltDbusReply;

void quilt_dbus_reply_clear (QuiltDbusReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltDbusReply, quilt_dbus_reply_clear)

/* The reply is cleared after the callback returns. */
typedef void (*QuiltDbusReplyFunc) (QuiltDbusReply *reply, gpointer data);
