/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors as callers on the bus see them: org.quilt.Error.NAME and a sentence. */
#pragma once

#include <gio/gio.h>

/* "org.quilt.Error.NAME", a static string; "….Failed" for an error of any other domain. */
const char *quilt_bus_error_name (const GError *error);

/* Answers the call with error, and consumes the reference to invocation as
 * g_dbus_method_invocation_ return_*() do. */
void quilt_bus_error_return (GDBusMethodInvocation *invocation, const GError *error);
