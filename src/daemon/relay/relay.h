/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to the bus. GDBus decodes each message that reaches it, so a relay removes
 * messages that are too large. GDBus also queues every call for the main thread, so the relay holds
 * calls back while many are queued, and callers take turns. */
#pragma once

#include "daemon/relay/activity.h"

#include <gio/gio.h>

/* Limits of a call or a signal: bytes, and values; each element of an array and each option is a
 * value. GDBus takes up to 20 ms to decode that many. */
#define QUILT_CALL_MAX (1024 * 1024)
#define QUILT_CALL_VALUES_MAX 65536

typedef struct QuiltBusRelay QuiltBusRelay;

/* Connects to the system bus and passes messages on, with these limits. Only a few calls at once
 * are passed on, until the main thread, whose default context must run, has begun them. Of a call
 * that is too large, or for which there is no room among its caller's calls, only the header is
 * passed on, with a flag (daemon/relay/message.h); it is dropped if the caller has thousands of
 * calls waiting. A signal of more than 64 KiB, or without room, is dropped; signals count as calls.
 * Answers to our own calls may have any size. Returns NULL with an error. */
QuiltBusRelay *quilt_bus_relay_new (GError **error);

/* Owned by the relay. */
GDBusConnection *quilt_bus_relay_get_connection (QuiltBusRelay *self);

/* From now on, if many calls wait, drops those of a caller when the bus says that the caller is
 * gone. New callers can appear without end, so limits per caller are not enough. */
void quilt_bus_relay_watch_callers (QuiltBusRelay *self);

/* The calls that the bus has delivered, until they are answered and released. Borrowed. */
QuiltActivity *quilt_bus_relay_get_calls (QuiltBusRelay *self);

/* Closes the connection once everything was sent to the bus. */
void quilt_bus_relay_free (QuiltBusRelay *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltBusRelay, quilt_bus_relay_free)
