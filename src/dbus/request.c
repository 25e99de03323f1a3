/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call to be made. */
#include "dbus/request.h"

#include "dbus/message.h"

GByteArray *
quilt_dbus_request_write (const QuiltDbusCall *call, guint32 serial, gboolean wants_answer)
{
  g_autoptr (GVariant) args = call->args ? g_variant_ref_sink (call->args) : NULL;
  const QuiltDbusMessage message = {
      .type = QUILT_DBUS_CALL,
      .flags = call->flags | (wants_answer ? 0 : QUILT_DBUS_NO_REPLY_EXPECTED),
      .serial = serial,
      .n_fds = call->n_fds,
      .path = call->path,
      .interface = call->interface,
      .member = call->method,
      .destination = call->destination,
      .body = args,
  };

  return quilt_dbus_message_write (&message);
}
