/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connecting to a bus and authenticating (D-Bus Specification, "Server Addresses" and
 * "Authentication Protocol"). */
#pragma once

#include <glib.h>

/* Connects to the first reachable place of address (NULL: the usual address of the system bus).
 * Returns a blocking socket, which the caller owns, or -1 with an error. */
int quilt_dbus_connect (const char *address, GError **error);

/* The first bytes that a client sends: it authenticates as the uid of its socket and asks to pass
 * descriptors. The request does not name that uid: in a user namespace, the bus knows the client by
 * another uid than the client itself. The client may send messages at once, without waiting for the
 * answer, unless they carry descriptors. */
const char *quilt_dbus_auth_request (void);

/* Removes the answer to this request from the beginning of `in`. Returns TRUE once the answer was
 * complete. Sets an error if the bus refuses us. */
gboolean quilt_dbus_auth_take_answer (GByteArray *in, GError **error);
