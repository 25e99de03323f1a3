/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to the bus. GDBus decodes each message that reaches it, so a relay keeps messages
 * that are too large away from it. */
#pragma once

#include <gio/gio.h>

/* The most bytes of a call or a signal, and the most values in it; each element of an array and
 * each option is a value. GDBus takes up to 20 ms to decode so many. */
#define QUILT_CALL_MAX (1024 * 1024)
#define QUILT_CALL_VALUES_MAX 65536

typedef struct QuiltBusRelay QuiltBusRelay;

/* Connects to the system bus. If a call is too large, the connection gets its header alone, with
 * the field QUILT_BUS_FIELD_CUT (daemon/bus-message.h). A signal that is too large is dropped.
 * Answers to our own calls may have any size. NULL with error. */
QuiltBusRelay *quilt_bus_relay_new (GError **error);

/* The relay's: not to be freed. */
GDBusConnection *quilt_bus_relay_get_connection (QuiltBusRelay *self);

/* Closes the connection once the bus has all that was sent. */
void quilt_bus_relay_free (QuiltBusRelay *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltBusRelay, quilt_bus_relay_free)
