/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors on the bus: org.quilt.Error.NAME and a message. */
#pragma once

#include "dbus/address.h"
#include "dbus/server/call.h"

/* "org.quilt.Error.NAME", a static string; "….Failed" for an error of any other domain. */
const char *quilt_bus_error_name (const GError *error);

/* The error's message without control and format characters, since it may quote a container's
 * output or a file name. Owned by the caller. */
char *quilt_bus_error_text (const GError *error);

/* Adds a row (name, error, message) to a builder of a(sss). */
void quilt_bus_error_add (GVariantBuilder *failures, const char *name, const GError *error);

/* The public part of an error: a fixed message for its class, the name after "org.quilt.Error.". A
 * static string. */
const char *quilt_bus_error_describe (const char *name);

/* Marks a call with QUILT_BUS_ERROR_DETAILS: the error of an option then has a second argument,
 * which names the option. */
void quilt_bus_error_give_details (QuiltCall *call);

/* Answers the call with error, and drops a reference to it. */
void quilt_bus_error_return (QuiltCall *call, const GError *error);
