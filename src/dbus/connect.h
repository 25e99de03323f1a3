/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to a bus (D-Bus Specification, "Server Addresses" and "Authentication Protocol"). */
#pragma once

#include <glib.h>

/* Connects to the first place of address that can be reached; NULL: where the system bus usually
 * is. A blocking socket of the caller's; -1 with an error. */
int quilt_dbus_connect (const char *address, GError **error);

/* What a client sends first: that it is who its socket says, and wants to send descriptors.
 * Messages may follow at once, without waiting for the answer, but not those with descriptors. */
char *quilt_dbus_auth_request (void);

/* Takes the answer to this request from the begin of in. Returns whether all of it was there.
 * Sets an error if the bus refuses us. */
gboolean quilt_dbus_auth_take_answer (GByteArray *in, GError **error);
