/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens connections of D-Bus clients. */
#pragma once

#include "dbus/client.h"

/* Connects to the bus at address (NULL: the usual address of the system bus). Returns when the bus
 * has accepted us. */
QuiltDbus *quilt_dbus_open (const char *address, GError **error);

/* As quilt_dbus_open(), over a connected socket. Takes ownership of the socket, also on failure. */
QuiltDbus *quilt_dbus_open_socket (int socket, GError **error);

/* Connects to a peer (see quilt_dbus_new()). Does not wait for the peer, which may still refuse us.
 */
QuiltDbus *quilt_dbus_open_peer (const char *address, GError **error);
