/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of systemd's manager, its errors and its names; org.freedesktop.systemd1(5). */
#pragma once

#include "dbus/client.h"

#define QUILT_SYSTEMD_NAME "org.freedesktop.systemd1"
#define QUILT_SYSTEMD_PATH "/org/freedesktop/systemd1"
#define QUILT_SYSTEMD_MANAGER QUILT_SYSTEMD_NAME ".Manager"

/* A call of a method of systemd's manager. arguments: may float; reply: its type, NULL for any. */
QuiltDbusCall quilt_systemd_make_call (const char *method, GVariant *arguments, const char *reply);

/* A call of org.freedesktop.DBus.Properties for the unit at path, an object path. */
QuiltDbusCall quilt_systemd_make_property_call (const char *path,
                                                const char *method,
                                                GVariant *arguments,
                                                const char *reply);

/* Whether systemd answered with the error org.freedesktop.systemd1.NAME. */
gboolean quilt_systemd_is_error (const GError *error, const char *name);

/* Whether systemd was away, or went away before it answered: it may have done what was asked. */
gboolean quilt_systemd_was_away (const GError *error);

/* Turns the error of a failed call into a QUILT_ERROR for our caller. */
GError *quilt_systemd_describe (const GError *cause, const char *verb, const char *unit);

/* The object path of a unit. Owned by the caller. */
char *quilt_systemd_unit_to_path (const char *unit);
/* The unit of an object path, owned by the caller; NULL: the path is not that of a unit. */
char *quilt_systemd_unit_from_path (const char *path);
