/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors as callers on the bus see them: org.quilt.Error.NAME and a sentence. */
#include "daemon/bus-error.h"

#include "base/error.h"

const char *
quilt_bus_error_name (const GError *error)
{
  int code = error->domain == QUILT_ERROR ? error->code : QUILT_ERROR_FAILED;
  g_autofree char *name = g_strconcat ("org.quilt.Error.", quilt_error_to_name (code), NULL);

  return g_intern_string (name);
}

void
quilt_bus_error_return (GDBusMethodInvocation *invocation, const GError *error)
{
  g_dbus_method_invocation_return_dbus_error (invocation, quilt_bus_error_name (error),
                                              error->message);
}
