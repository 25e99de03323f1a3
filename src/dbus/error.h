/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a call over D-Bus fails. */
#pragma once

#include <glib.h>

#define QUILT_DBUS_ERROR (quilt_dbus_error_quark ())

typedef enum {
  QUILT_DBUS_ERROR_FAILED,    /* the call can't be sent, or the answer has another type */
  QUILT_DBUS_ERROR_CLOSED,    /* the connection has ended, or there is none */
  QUILT_DBUS_ERROR_TIMED_OUT, /* no answer in the time that the caller gave */
  QUILT_DBUS_ERROR_REMOTE,    /* the answer is an error, with a name */
} QuiltDbusError;

GQuark quilt_dbus_error_quark (void);

/* An error of the code REMOTE. */
GError *quilt_dbus_error_new_remote (const char *name, const char *message);

/* The name of an error that came over the bus, which stays in error. NULL: it is another one. */
const char *quilt_dbus_error_get_name (const GError *error);
