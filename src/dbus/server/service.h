/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls that a connection to a bus receives: they wait in a queue, and callers take turns. */
#pragma once

#include "dbus/server/call.h"

/* Limits of a call: bytes, and values; each element of an array and each option is a value. */
#define QUILT_CALL_MAX (1024 * 1024)
#define QUILT_CALL_VALUES_MAX 65536

typedef struct QuiltDbusService QuiltDbusService;

/* From now on passes calls that bus receives to func, on the main loop. Callers take turns
 * (dbus/server/turns.h), and only a few calls at once are passed on; none while messages wait for
 * the bus. Of a call that is too large, or for which there is no room among its caller's calls,
 * only the head is kept, and it is answered with an error. A call is dropped if its caller has
 * thousands of calls waiting; and, if many calls wait, when its caller leaves the bus. calls counts
 * each call from its arrival until it is freed. */
QuiltDbusService *
quilt_dbus_service_new (QuiltDbus *bus, QuiltActivity *calls, QuiltCallFunc func, gpointer data);
/* Drops all waiting calls. Received calls are ignored from now on. */
void quilt_dbus_service_free (QuiltDbusService *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltDbusService, quilt_dbus_service_free)
