/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens connections of D-Bus clients. */
#include "dbus/open.h"

#include "dbus/connect.h"

static gboolean
say_hello (QuiltDbus *bus, GError **error)
{
  static const QuiltDbusCall hello = {
      .destination = QUILT_DBUS_BUS,
      .path = QUILT_DBUS_BUS_PATH,
      .interface = QUILT_DBUS_BUS,
      .method = "Hello",
      .reply_type = "(s)",
  };
  g_auto (QuiltDbusReply) reply = {0};

  quilt_dbus_call_sync (bus, &hello, -1, &reply);
  if (reply.error)
    g_propagate_error (error, g_steal_pointer (&reply.error));
  return reply.body != NULL;
}

QuiltDbus *
quilt_dbus_open_socket (int socket, GError **error)
{
  g_autoptr (QuiltDbus) bus = quilt_dbus_new (socket, FALSE);

  return say_hello (bus, error) ? g_steal_pointer (&bus) : NULL;
}

QuiltDbus *
quilt_dbus_open (const char *address, GError **error)
{
  const int socket = quilt_dbus_connect (address, error);

  return socket >= 0 ? quilt_dbus_open_socket (socket, error) : NULL;
}

QuiltDbus *
quilt_dbus_open_peer (const char *address, GError **error)
{
  const int socket = quilt_dbus_connect (address, error);

  return socket >= 0 ? quilt_dbus_new (socket, TRUE) : NULL;
}
