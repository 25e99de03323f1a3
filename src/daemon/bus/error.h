/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors as callers on the bus see them: org.quilt.Error.NAME and a sentence. */
#pragma once

#include <gio/gio.h>

/* "org.quilt.Error.NAME", a static string; "….Failed" for an error of any other domain. */
const char *quilt_bus_error_name (const GError *error);

/* Its sentence without control and format characters, though it may quote a container's output or
 * the name of a file. Owned by the caller. */
char *quilt_bus_error_text (const GError *error);

/* Adds a row (name, error, message) to a builder of a(sss). */
void quilt_bus_error_add (GVariantBuilder *failures, const char *name, const GError *error);

/* The public part of an error: a sentence for its class, by the name after "org.quilt.Error.". A
 * static string. */
const char *quilt_bus_error_describe (const char *name);

/* The key of a call whose caller asks for details of errors, type b: see dbus/org.quilt.xml. */
#define QUILT_BUS_ERROR_DETAILS "error-details"

/* Such a call: the error of an option gets a second argument, which names the option. */
void quilt_bus_error_give_details (GDBusMethodInvocation *invocation);

/* Answers the call with error, and consumes the reference to invocation as
 * g_dbus_method_invocation_ return_*() do. */
void quilt_bus_error_return (GDBusMethodInvocation *invocation, const GError *error);
