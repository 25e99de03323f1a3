/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of systemd's manager, and its errors; org.freedesktop.systemd1(5). */
#pragma once

#include <gio/gio.h>

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

/* Calls a method of systemd's manager. arguments may be floating. */
void quilt_systemd_call (GDBusConnection *bus,
                         const char *method,
                         GVariant *arguments,
                         const char *reply,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data);

/* Whether systemd answered with the error org.freedesktop.systemd1.NAME. */
gboolean quilt_systemd_is_error (const GError *error, const char *name);

/* Turns the error of a failed call into a QUILT_ERROR for our caller. */
GError *quilt_systemd_describe (const GError *cause, const char *verb, const char *unit);
