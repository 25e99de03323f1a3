/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls to quiltd, without proxies: their round trips would slow down a one-shot client. */
#pragma once

#include "ctl/ctl.h"
#include "dbus/address.h"

#define QUILT_BUS_MANAGER "org.quilt.Manager"
#define QUILT_BUS_CONTAINER "org.quilt.Container"
#define QUILT_BUS_IMAGE "org.quilt.Image"
#define QUILT_BUS_JOB "org.quilt.Job"
#define QUILT_BUS_PROPERTIES "org.freedesktop.DBus.Properties"

/* The type of a row of ListContainers, for g_variant_iter_next() and similar functions. */
#define QUILT_BUS_CONTAINER_ROW "(&o&s&s&s&s&sttti&su@a{ss})"

/* The signal that quiltd's name has a new owner, or none. */
extern const QuiltDbusMatch quilt_bus_owner_changed;

/* Connects ctl to the system bus, if it is not connected. Starts the polkit agent, if one can be
 * useful. */
gboolean quilt_bus_connect (QuiltCtl *ctl, GError **error);

/* Calls a method of quiltd, connecting first if needed, and waits for the answer without a time
 * limit. args may be floating. An error from quiltd becomes a QUILT_ERROR with its message. If
 * quiltd does not run, the error says how to start it. */
GVariant *quilt_bus_call (QuiltCtl *ctl,
                          const char *path,
                          const char *interface,
                          const char *method,
                          GVariant *args,
                          const char *reply_type,
                          GError **error);

/* As quilt_bus_call(), for org.quilt.Manager. */
GVariant *quilt_bus_call_manager (
    QuiltCtl *ctl, const char *method, GVariant *args, const char *reply_type, GError **error);

/* Makes a call to quiltd for quilt_dbus_call() and similar functions, with the flags that all calls
 * of quiltctl have. The call borrows everything; args may be floating. */
QuiltDbusCall quilt_bus_make_call (const QuiltCtl *ctl,
                                   const char *path,
                                   const char *interface,
                                   const char *method,
                                   GVariant *args,
                                   const char *reply_type);

/* Words the error of an answer for the user. *error may have any domain. An error from quiltd
 * becomes a QUILT_ERROR. */
void quilt_bus_fix_error (GError **error);

/* Whether a call failed because quiltd, or the bus, went away before it answered. */
gboolean quilt_bus_error_is_lost (const GError *error);

/* Whether the bus has refused a connection or a call, since it keeps as many as it may: nobody has
 * seen it, so the caller may try again. */
gboolean quilt_bus_error_is_full (const GError *error);

/* An empty a{sv}, floating. */
GVariant *quilt_bus_no_options (void);

/* The object path of a container or image, given what the user typed. Owned by the caller. */
char *quilt_bus_container_path (QuiltCtl *ctl, const char *name, GError **error);
char *quilt_bus_image_path (QuiltCtl *ctl, const char *name, GError **error);

/* Returns the rows of ListContainers, an array of QUILT_BUS_CONTAINER_ROW. options is an a{sv},
 * which may be floating, or NULL. */
GVariant *quilt_bus_list_containers (QuiltCtl *ctl, GVariant *options, GError **error);
/* Returns the rows of ListImages, type a(osastt). */
GVariant *quilt_bus_list_images (QuiltCtl *ctl, GVariant *options, GError **error);

/* All properties of an object, type a{sv}. */
GVariant *
quilt_bus_get_all (QuiltCtl *ctl, const char *path, const char *interface, GError **error);

/* Sets INVALID_ARGUMENT if text is not UTF-8: arguments are bytes, but strings on the bus are
 * UTF-8. */
gboolean quilt_bus_check_text (const char *what, const char *text, GError **error);

/* Calls a method that takes (names, [signal,] options) and returns failures. Makes as many calls as
 * the number of names needs, and reports each failure. Returns the exit code. Consumes args. */
int quilt_bus_call_bulk (QuiltCtl *ctl, const char *method, GVariant *args);
