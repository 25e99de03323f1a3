/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to the bus. GDBus decodes each message that reaches it, so a relay keeps messages
 * that are too large away from it. GDBus queues each call for the main thread, so the relay keeps
 * calls back while many are queued: callers take turns. */
#pragma once

#include "daemon/bus/activity.h"

#include <gio/gio.h>

/* The most bytes of a call or a signal, and the most values in it; each element of an array and
 * each option is a value. GDBus takes up to 20 ms to decode so many. */
#define QUILT_CALL_MAX (1024 * 1024)
#define QUILT_CALL_VALUES_MAX 65536

typedef struct QuiltBusRelay QuiltBusRelay;

/* Connects to the system bus, and passes on what comes, but
 * - few calls at once: as many as the main thread, whose default context must run, has not come to;
 * - of a call that is too large, or for which there is no room among its caller's calls, the header
 *   alone, with a flag (daemon/bus/message.h); nothing if the caller has thousands of calls
 * waiting;
 * - no signal of more than 64 KiB, or for which there is no room; signals count as calls.
 * Answers to our own calls may have any size. NULL with error. */
QuiltBusRelay *quilt_bus_relay_new (GError **error);

/* The relay's: not to be freed. */
GDBusConnection *quilt_bus_relay_get_connection (QuiltBusRelay *self);

/* From now on, if many calls wait, those of a caller go when the bus says that he is gone. Callers
 * may come anew without end, so that limits of each caller bound nothing. */
void quilt_bus_relay_watch_callers (QuiltBusRelay *self);

/* The calls that the bus has handed over, from then on until they are answered and nothing has them
 * any more. Borrowed. */
QuiltActivity *quilt_bus_relay_get_calls (QuiltBusRelay *self);

/* Closes the connection once the bus has all that was sent. */
void quilt_bus_relay_free (QuiltBusRelay *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltBusRelay, quilt_bus_relay_free)
