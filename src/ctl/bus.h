/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls to quiltd: plain ones, since a proxy would cost round trips that a one-shot client loses.
 */
#pragma once

#include "ctl/ctl.h"

#define QUILT_BUS_NAME "org.quilt"
#define QUILT_BUS_PATH "/org/quilt"
#define QUILT_BUS_MANAGER "org.quilt.Manager"
#define QUILT_BUS_CONTAINER "org.quilt.Container"
#define QUILT_BUS_IMAGE "org.quilt.Image"
#define QUILT_BUS_JOB "org.quilt.Job"
#define QUILT_BUS_PROPERTIES "org.freedesktop.DBus.Properties"

/* An option, type b, of calls with options of a container: an error of such an option then says
 * which it is. */
#define QUILT_BUS_ERROR_DETAILS "error-details"

/* A row of ListContainers, for g_variant_iter_next() and its like. */
#define QUILT_BUS_CONTAINER_ROW "(&o&s&s&s&s&sttti&su@a{ss})"

/* The signal of the bus that somebody else has quiltd's name, or nobody. */
extern const QuiltDbusMatch quilt_bus_owner_changed;

/* Connects ctl to the system bus unless it is connected, and starts the polkit agent where one can
 * be of use. */
gboolean quilt_bus_connect (QuiltCtl *ctl, GError **error);

/* Calls a method of quiltd and waits for its answer, however long it takes. args may be floating;
 * an errors from quiltd comes as QUILT_ERROR with its sentence, "quiltd does not run" with what to
 * do about it. Connects first if need be. */
GVariant *quilt_bus_call (QuiltCtl *ctl,
                          const char *path,
                          const char *interface,
                          const char *method,
                          GVariant *args,
                          const char *reply_type,
                          GError **error);

/* The same of org.quilt.Manager. */
GVariant *quilt_bus_call_manager (
    QuiltCtl *ctl, const char *method, GVariant *args, const char *reply_type, GError **error);

/* A call to quiltd for quilt_dbus_call() and its like, with the flags that each call of ctl has. It
 * borrows everything; args may be floating. */
QuiltDbusCall quilt_bus_make_call (const QuiltCtl *ctl,
                                   const char *path,
                                   const char *interface,
                                   const char *method,
                                   GVariant *args,
                                   const char *reply_type);

/* Words the error of an answer for the user; *error may be of any domain. What comes from quiltd
 * becomes a QUILT_ERROR. */
void quilt_bus_fix_error (GError **error);

/* Whether a call failed because quiltd (or the bus) went away before or while it was answered. */
gboolean quilt_bus_error_is_lost (const GError *error);

/* An empty a{sv}, floating. */
GVariant *quilt_bus_no_options (void);

/* The object of a container or image by what the user typed. Owned by the caller. */
char *quilt_bus_container_path (QuiltCtl *ctl, const char *name, GError **error);
char *quilt_bus_image_path (QuiltCtl *ctl, const char *name, GError **error);

/* The rows of ListContainers, an array of QUILT_BUS_CONTAINER_ROW; options: a{sv}, which may be
 * floating, or NULL. */
GVariant *quilt_bus_list_containers (QuiltCtl *ctl, GVariant *options, GError **error);
/* Those of ListImages, type a(osastt). */
GVariant *quilt_bus_list_images (QuiltCtl *ctl, GError **error);

/* All properties of an object, type a{sv}. */
GVariant *
quilt_bus_get_all (QuiltCtl *ctl, const char *path, const char *interface, GError **error);

/* Arguments come as bytes, names on the bus are UTF-8: sets INVALID_ARGUMENT where one is not. */
gboolean quilt_bus_check_text (const char *what, const char *text, GError **error);

/* Calls a method that takes (names, [signal,] options) and returns failures, as often as so many
 * names need; reports each failure. The exit code. args is consumed. */
int quilt_bus_call_bulk (QuiltCtl *ctl, const char *method, GVariant *args);
