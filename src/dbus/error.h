/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors of D-Bus calls. */
#pragma once

#include <glib.h>

#define QUILT_DBUS_ERROR (quilt_dbus_error_quark ())

typedef enum {
  QUILT_DBUS_ERROR_FAILED,    /* the call can't be sent, or the answer has another type */
  QUILT_DBUS_ERROR_CLOSED,    /* the connection has ended, or there is none */
  QUILT_DBUS_ERROR_TIMED_OUT, /* no answer in the time that the caller gave */
  QUILT_DBUS_ERROR_REMOTE,    /* the peer answered with an error, which has a name */
} QuiltDbusError;

GQuark quilt_dbus_error_quark (void);

/* Makes an error with the code REMOTE. body is the message's body: its first argument is the text,
 * and a second one may be details. Owned by the caller. */
GError *quilt_dbus_error_new_remote (const char *name, GVariant *body);

/* The D-Bus name of an error with the code REMOTE, owned by error. NULL for other errors. */
const char *quilt_dbus_error_get_name (const GError *error);

/* The details of an error with the code REMOTE, a dictionary of type a{sv}, owned by error. NULL if
 * it has none. */
GVariant *quilt_dbus_error_get_details (const GError *error);
