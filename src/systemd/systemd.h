/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd's client of systemd: transient scopes and their jobs; org.freedesktop.systemd1(5). */
#pragma once

#include <gio/gio.h>

typedef struct QuiltSystemd QuiltSystemd;

/* One per daemon, on the bus where org.freedesktop.systemd1 is. All calls come from, and all
 * answers go to, the main context that it was made in. Source objects of the answers are NULL. */
QuiltSystemd *quilt_systemd_new (GDBusConnection *bus);
/* Answers that are still due come as CANCELLED. */
void quilt_systemd_free (QuiltSystemd *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltSystemd, quilt_systemd_free)

/* StartTransientUnit of a scope, mode "fail"; finished when its job is "done": the processes are in
 * it and every property is in force. properties is an a(sv); a floating one is consumed. While an
 * older scope of that name is still going away, waits for that. BUSY: it stays; CANCELLED; FAILED
 * with what systemd said. When cancelled after systemd was asked, the scope may exist. */
void quilt_systemd_start_scope_async (QuiltSystemd *self,
                                      const char *unit,
                                      GVariant *properties,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer data);
gboolean
quilt_systemd_start_scope_finish (QuiltSystemd *self, GAsyncResult *result, GError **error);

/* SetUnitProperties until the unit is gone (runtime); in the kernel when finished. NOT_FOUND: no
 * such unit. */
void quilt_systemd_set_properties_async (QuiltSystemd *self,
                                         const char *unit,
                                         GVariant *properties,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer data);
gboolean
quilt_systemd_set_properties_finish (QuiltSystemd *self, GAsyncResult *result, GError **error);

/* Finished when no process is in the cgroup of the scope at that place (see spec/slice.h), or that
 * is gone; at once if so. systemd, which the kernel would let know up to 16 ms later, is told so,
 * and collects the scope. A scope that nobody is in yet is empty too. */
void quilt_systemd_wait_empty_async (QuiltSystemd *self,
                                     const char *place,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer data);
/* Finished when the one that was waited for so is gone too; at once if it is, or there was none. */
void quilt_systemd_wait_left_async (QuiltSystemd *self,
                                    const char *place,
                                    GAsyncReadyCallback callback,
                                    gpointer data);
/* Finished when the scope is not loaded, at once if it is not: its name is free and its cgroup
 * gone. systemd is told likewise. */
void quilt_systemd_wait_gone_async (QuiltSystemd *self,
                                    const char *place,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer data);
gboolean quilt_systemd_wait_finish (QuiltSystemd *self, GAsyncResult *result, GError **error);

/* Thaws a frozen scope (ThawUnit) without waiting for it. TRUE: the scope was frozen, or a slice
 * that it is in is. */
gboolean quilt_systemd_thaw_scope (QuiltSystemd *self, const char *place);

/* Somebody asked systemd to stop a scope whose Controller= we are: `systemctl stop`, a shutdown.
 * Stop it gracefully; after its TimeoutStopUSec systemd sends SIGKILL. */
typedef void (*QuiltStopRequestFunc) (const char *unit, gpointer data);
void
quilt_systemd_on_stop_request (QuiltSystemd *self, QuiltStopRequestFunc callback, gpointer data);
