/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd's client of systemd; org.freedesktop.systemd1(5). */
#include "systemd/systemd.h"

#include "base/error.h"
#include "spec/slice.h"
#include "systemd/cgroup.h"
#include "systemd/client/manager.h"
#include "systemd/freezer.h"
#include "systemd/gone.h"
#include "systemd/starts.h"

/* How often and how long to try while systemd is away. */
#define AGAIN_MS 100
#define AGAIN_USEC (25 * G_USEC_PER_SEC)

struct QuiltSystemd {
  QuiltDbus *dbus;
  QuiltGone *gone;
  QuiltStarts *starts;
  GPtrArray *updates; /* of Update: not finished yet */
  QuiltStopRequestFunc on_stop;
  gpointer on_stop_data;
};

/* A call without an answer. */
static void
tell (QuiltSystemd *self, const char *method, GVariant *arguments)
{
  const QuiltDbusCall call = quilt_systemd_make_call (method, arguments, NULL);

  quilt_dbus_call (self->dbus, &call, NULL, NULL, NULL);
}

/* Start. */

void
quilt_systemd_start_scope_async (QuiltSystemd *self,
                                 const char *unit,
                                 GVariant *properties,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer data)
{
  quilt_starts_start_scope_async (self->starts, unit, properties, cancellable, callback, data);
}

gboolean
quilt_systemd_start_scope_finish (QuiltSystemd *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Properties. */

typedef struct {
  QuiltSystemd *systemd;
  GTask *task;
  char *unit;
  GVariant *properties;
  gint64 again_usec; /* until when it is tried again (monotonic); 0: never */
  guint timer;       /* until the next attempt */
  QuiltDbusPending pending;
} Update;

static void
update_free (gpointer data)
{
  Update *self = data;

  quilt_dbus_pending_clear (&self->pending);
  g_clear_handle_id (&self->timer, g_source_remove);
  g_object_unref (self->task);
  g_variant_unref (self->properties);
  g_free (self->unit);
  g_free (self);
}

/* Takes ownership of error; NULL is success. */
static void
end_update (Update *self, GError *error)
{
  g_autoptr (GTask) task = g_object_ref (self->task);

  g_ptr_array_remove_fast (self->systemd->updates, self);
  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void set_properties (Update *update);

static gboolean
on_set_again (gpointer data)
{
  Update *update = data;

  update->timer = 0;
  set_properties (update);
  return G_SOURCE_REMOVE;
}

/* The Description is not a property of the cgroup: it is in force when systemd has answered. */
static gboolean
is_description (GVariant *properties)
{
  const char *name;

  if (g_variant_n_children (properties) != 1)
    return FALSE;
  g_variant_get_child (properties, 0, "(&sv)", &name, NULL);
  return g_str_equal (name, "Description");
}

/* If systemd was away, it may or may not have set the properties, so set them again. */
static void
end_or_set_again (Update *update, const GError *error)
{
  if (g_get_monotonic_time () >= update->again_usec || !quilt_systemd_was_away (error)) {
    end_update (update, quilt_systemd_describe (error, "update", update->unit));
    return;
  }
  update->timer = g_timeout_add (AGAIN_MS, on_set_again, update);
}

static void
on_properties_in_force (QuiltDbusReply *reply, gpointer data)
{
  Update *update = data;

  if (reply->body)
    end_update (update, NULL);
  else
    end_or_set_again (update, reply->error);
}

static void
on_properties_reply (QuiltDbusReply *reply, gpointer data)
{
  Update *update = data;
  QuiltDbusCall ping = quilt_systemd_make_call ("Ping", NULL, NULL);

  if (!reply->body) {
    end_or_set_again (update, reply->error);
    return;
  }
  if (is_description (update->properties)) {
    end_update (update, NULL);
    return;
  }
  /* systemd answers first, and writes to the cgroup before it reads its next message. So the answer
   * to a second message shows that the properties are in force. */
  ping.interface = "org.freedesktop.DBus.Peer";
  quilt_dbus_pending_clear (&update->pending);
  quilt_dbus_call (update->systemd->dbus, &ping, on_properties_in_force, update, &update->pending);
}

static void
set_properties (Update *update)
{
  const QuiltDbusCall call = quilt_systemd_make_call (
      "SetUnitProperties", g_variant_new ("(sb@a(sv))", update->unit, TRUE, update->properties),
      "()");

  quilt_dbus_pending_clear (&update->pending);
  quilt_dbus_call (update->systemd->dbus, &call, on_properties_reply, update, &update->pending);
}

static Update *
update_new (QuiltSystemd *self,
            const char *unit,
            GVariant *properties,
            GAsyncReadyCallback callback,
            gpointer data)
{
  Update *update = g_new0 (Update, 1);

  update->systemd = self;
  update->task = g_task_new (NULL, NULL, callback, data);
  update->unit = g_strdup (unit);
  update->properties = g_variant_ref_sink (properties);
  g_ptr_array_add (self->updates, update);
  return update;
}

void
quilt_systemd_set_properties_async (QuiltSystemd *self,
                                    const char *unit,
                                    GVariant *properties,
                                    GAsyncReadyCallback callback,
                                    gpointer data)
{
  set_properties (update_new (self, unit, properties, callback, data));
}

void
quilt_systemd_turn_scope_async (QuiltSystemd *self,
                                const char *unit,
                                GVariant *properties,
                                GAsyncReadyCallback callback,
                                gpointer data)
{
  Update *update = update_new (self, unit, properties, callback, data);

  update->again_usec = g_get_monotonic_time () + AGAIN_USEC;
  set_properties (update);
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

  tell (self, "AbandonScope", g_variant_new ("(s)", unit));
  tell (self, "StopUnit", g_variant_new ("(ss)", unit, "fail"));
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

void
quilt_systemd_collect_scope (QuiltSystemd *self, const char *place)
{
  hurry (place, self);
}

gboolean
quilt_systemd_thaw_scope (QuiltSystemd *self, const char *place)
{
  g_autofree char *path = quilt_scope_path (place);
  g_autofree char *slice = quilt_freezer_find_slice (place);
  gboolean frozen = quilt_freezer_is_frozen (path);

  if (frozen)
    tell (self, "ThawUnit", g_variant_new ("(s)", quilt_place_unit (place)));
  return frozen || slice;
}

/* Requests to stop. */

static void
on_request_stop (const char *path, GVariant *arguments, gpointer data)
{
  QuiltSystemd *self = data;
  g_autofree char *unit = quilt_systemd_unit_from_path (path);

  if (self->on_stop && unit)
    self->on_stop (unit, self->on_stop_data);
}

void
quilt_systemd_on_stop_request (QuiltSystemd *self, QuiltStopRequestFunc callback, gpointer data)
{
  self->on_stop = callback;
  self->on_stop_data = data;
}

QuiltSystemd *
quilt_systemd_new (QuiltDbus *dbus)
{
  QuiltSystemd *self = g_new0 (QuiltSystemd, 1);
  const QuiltDbusMatch match = {.sender = QUILT_SYSTEMD_NAME,
                                .interface = QUILT_SYSTEMD_NAME ".Scope",
                                .member = "RequestStop"};

  self->dbus = dbus;
  self->gone = quilt_gone_new (NULL, hurry, self);
  self->starts = quilt_starts_new (dbus, self->gone);
  self->updates = g_ptr_array_new_with_free_func (update_free);
  /* systemd sends it to the owner of the name in Controller=. */
  quilt_dbus_subscribe (dbus, &match, on_request_stop, self);
  return self;
}

void
quilt_systemd_free (QuiltSystemd *self)
{
  quilt_starts_free (self->starts);
  while (self->updates->len > 0)
    end_update (self->updates->pdata[0],
                g_error_new_literal (QUILT_ERROR, QUILT_ERROR_CANCELLED,
                                     "Failed to update a unit: quiltd is shutting down"));
  g_ptr_array_unref (self->updates);
  quilt_dbus_unsubscribe (self->dbus, self);
  quilt_gone_free (self->gone);
  g_free (self);
}
