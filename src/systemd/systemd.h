/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd's client of systemd: transient scopes and their jobs; org.freedesktop.systemd1(5). */
#pragma once

#include "dbus/client.h"

#include <gio/gio.h>

typedef struct QuiltSystemd QuiltSystemd;

/* One per daemon. dbus, which is borrowed, is a connection to the bus of org.freedesktop.systemd1.
 * It owns the name in Controller=, and so gets the requests to stop. It can't be systemd's private
 * socket: there systemd refuses a scope with Controller=, and sends each client every change of
 * every unit. The source objects of the answers are NULL. */
QuiltSystemd *quilt_systemd_new (QuiltDbus *dbus);
/* Finishes pending calls with CANCELLED. */
void quilt_systemd_free (QuiltSystemd *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltSystemd, quilt_systemd_free)

/* Calls StartTransientUnit for a scope, with mode "fail". Finishes when the job is "done": the
 * processes are in the scope, and every property is in force. properties is an a(sv); a floating
 * one is consumed. If an older scope of that name is ending, waits for its end. Errors: BUSY if the
 * older scope stays; CANCELLED; FAILED with systemd's message. If cancelled after systemd was
 * asked, the scope may exist. */
void quilt_systemd_start_scope_async (QuiltSystemd *self,
                                      const char *unit,
                                      GVariant *properties,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer data);
gboolean
quilt_systemd_start_scope_finish (QuiltSystemd *self, GAsyncResult *result, GError **error);

/* Sets properties of the unit until it is gone (SetUnitProperties, runtime). Finishes when the
 * kernel has the new values. NOT_FOUND: no such unit. */
void quilt_systemd_set_properties_async (QuiltSystemd *self,
                                         const char *unit,
                                         GVariant *properties,
                                         GAsyncReadyCallback callback,
                                         gpointer data);
gboolean
quilt_systemd_set_properties_finish (QuiltSystemd *self, GAsyncResult *result, GError **error);

/* Gives a scope that exists further properties, which were not set before: the other way to start
 * one. As quilt_systemd_set_properties_async(), but if systemd is executed anew meanwhile, sets
 * them again. Finish with quilt_systemd_start_scope_finish(). */
void quilt_systemd_turn_scope_async (QuiltSystemd *self,
                                     const char *unit,
                                     GVariant *properties,
                                     GAsyncReadyCallback callback,
                                     gpointer data);

/* Finishes when the cgroup of the scope at that place (see spec/slice.h) contains no process or is
 * gone, which may be at once. Then tells systemd to collect the scope, since the kernel would tell
 * it up to 16 ms later. A scope that no process has entered yet is empty too. */
void quilt_systemd_wait_empty_async (QuiltSystemd *self,
                                     const char *place,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer data);
/* Finishes when the scope found empty by the function above is gone too. Finishes at once if it is
 * gone already, or there was none. */
void quilt_systemd_wait_left_async (QuiltSystemd *self,
                                    const char *place,
                                    GAsyncReadyCallback callback,
                                    gpointer data);
/* Finishes when the scope is not loaded, which may be at once: its name is free and its cgroup
 * gone. Tells systemd to collect the scope once it is empty. */
void quilt_systemd_wait_gone_async (QuiltSystemd *self,
                                    const char *place,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer data);
gboolean quilt_systemd_wait_finish (QuiltSystemd *self, GAsyncResult *result, GError **error);

/* Has systemd collect a scope that contains no process. */
void quilt_systemd_collect_scope (QuiltSystemd *self, const char *place);

/* Thaws a frozen scope (ThawUnit) without waiting. Returns TRUE if the scope, or a slice above it,
 * was frozen. */
gboolean quilt_systemd_thaw_scope (QuiltSystemd *self, const char *place);

/* Called when systemd is asked to stop a scope whose Controller= is quiltd, by `systemctl stop` or
 * a shutdown. The callback must stop the scope gracefully. After the scope's TimeoutStopUSec,
 * systemd sends SIGKILL. */
typedef void (*QuiltStopRequestFunc) (const char *unit, gpointer data);
void
quilt_systemd_on_stop_request (QuiltSystemd *self, QuiltStopRequestFunc callback, gpointer data);
