/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd's client of systemd; org.freedesktop.systemd1(5). */
#include "systemd/systemd.h"

#include "base/error.h"
#include "spec/slice.h"
#include "systemd/call.h"
#include "systemd/cgroup.h"
#include "systemd/freezer.h"
#include "systemd/gone.h"
#include "systemd/jobs.h"

#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

struct QuiltSystemd {
  GDBusConnection *bus;
  QuiltGone *gone;
  QuiltJobs *jobs;
  guint request_stop;
  QuiltStopRequestFunc on_stop;
  gpointer on_stop_data;
};

/* Start. */

void
quilt_systemd_start_scope_async (QuiltSystemd *self,
                                 const char *unit,
                                 GVariant *properties,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer data)
{
  quilt_jobs_start_scope_async (self->jobs, unit, properties, cancellable, callback, data);
}

gboolean
quilt_systemd_start_scope_finish (QuiltSystemd *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Properties. */

static void
on_properties_in_force (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task,
                         quilt_systemd_describe (error, "update", g_task_get_task_data (task)));
}

static void
on_properties_reply (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (!reply) {
    g_task_return_error (task,
                         quilt_systemd_describe (error, "update", g_task_get_task_data (task)));
    return;
  }
  /* systemd answers first, and writes to the cgroup before it reads its next message. So the answer
   * to a second message shows that the properties are in force. */
  g_dbus_connection_call (G_DBUS_CONNECTION (source), SYSTEMD_NAME, SYSTEMD_PATH,
                          "org.freedesktop.DBus.Peer", "Ping", NULL, NULL, G_DBUS_CALL_FLAGS_NONE,
                          -1, g_task_get_cancellable (task), on_properties_in_force,
                          g_object_ref (task));
}

void
quilt_systemd_set_properties_async (QuiltSystemd *self,
                                    const char *unit,
                                    GVariant *properties,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, data);

  g_task_set_task_data (task, g_strdup (unit), g_free);
  quilt_systemd_call (self->bus, "SetUnitProperties",
                      g_variant_new ("(sb@a(sv))", unit, TRUE, properties), "()", cancellable,
                      on_properties_reply, task);
}

gboolean
quilt_systemd_set_properties_finish (QuiltSystemd *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Empty, and gone. */

/* The kernel tells systemd of an empty cgroup late (see empty.c), so make systemd look at once.
 * While the scope has a controller, StopUnit would only ask that controller, which is quiltd, so
 * abandon the scope first. */
static void
hurry (const char *place, gpointer data)
{
  QuiltSystemd *self = data;
  const char *unit = quilt_place_unit (place);

  quilt_systemd_call (self->bus, "AbandonScope", g_variant_new ("(s)", unit), NULL, NULL, NULL,
                      NULL);
  quilt_systemd_call (self->bus, "StopUnit", g_variant_new ("(ss)", unit, "fail"), NULL, NULL, NULL,
                      NULL);
}

void
quilt_systemd_wait_gone_async (QuiltSystemd *self,
                               const char *place,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  quilt_gone_wait (self->gone, place, task);
}

void
quilt_systemd_wait_empty_async (QuiltSystemd *self,
                                const char *place,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  quilt_gone_wait_empty (self->gone, place, task);
}

void
quilt_systemd_wait_left_async (QuiltSystemd *self,
                               const char *place,
                               GAsyncReadyCallback callback,
                               gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, data);

  quilt_gone_wait_left (self->gone, place, task);
}

gboolean
quilt_systemd_wait_finish (QuiltSystemd *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
quilt_systemd_thaw_scope (QuiltSystemd *self, const char *place)
{
  g_autofree char *path = quilt_scope_path (place);
  g_autofree char *slice = quilt_freezer_find_slice (place);
  gboolean frozen = quilt_freezer_is_frozen (path);

  if (frozen)
    quilt_systemd_call (self->bus, "ThawUnit", g_variant_new ("(s)", quilt_place_unit (place)),
                        NULL, NULL, NULL, NULL);
  return frozen || slice;
}

/* Requests to stop. */

static void
on_request_stop (GDBusConnection *bus,
                 const char *sender,
                 const char *path,
                 const char *interface,
                 const char *signal,
                 GVariant *arguments,
                 gpointer data)
{
  QuiltSystemd *self = data;
  char *unit = NULL;

  if (self->on_stop && sd_bus_path_decode (path, SYSTEMD_PATH "/unit", &unit) > 0)
    self->on_stop (unit, self->on_stop_data);
  free (unit);
}

void
quilt_systemd_on_stop_request (QuiltSystemd *self, QuiltStopRequestFunc callback, gpointer data)
{
  self->on_stop = callback;
  self->on_stop_data = data;
}

QuiltSystemd *
quilt_systemd_new (GDBusConnection *bus)
{
  QuiltSystemd *self = g_new0 (QuiltSystemd, 1);

  self->bus = g_object_ref (bus);
  self->gone = quilt_gone_new (NULL, hurry, self);
  self->jobs = quilt_jobs_new (bus, self->gone);
  self->request_stop = g_dbus_connection_signal_subscribe (
      bus, SYSTEMD_NAME, "org.freedesktop.systemd1.Scope", "RequestStop", NULL, NULL,
      G_DBUS_SIGNAL_FLAGS_NONE, on_request_stop, self, NULL);
  return self;
}

void
quilt_systemd_free (QuiltSystemd *self)
{
  quilt_jobs_free (self->jobs);
  g_dbus_connection_signal_unsubscribe (self->bus, self->request_stop);
  quilt_gone_free (self->gone);
  g_object_unref (self->bus);
  g_free (self);
}
