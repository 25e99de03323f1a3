/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by every object on the bus. */
#include "daemon/bus/hub.h"

QuiltHub *
quilt_hub_new (GDBusConnection *bus, guint64 max_pending)
{
  QuiltHub *self = g_new0 (QuiltHub, 1);

  self->bus = g_object_ref (bus);
  self->quota = quilt_quota_new ((guint)MIN (max_pending, G_MAXUINT));
  self->admission = quilt_admission_new (bus, self->quota);
  self->authority = quilt_authority_new (bus);
  self->objects = g_dbus_object_manager_server_new (QUILT_BUS_ROOT);
  self->managed_objects = quilt_managed_objects_new (self->objects);
  return self;
}

void
quilt_hub_withdraw (QuiltHub *self)
{
  g_clear_pointer (&self->managed_objects, quilt_managed_objects_free);
  g_clear_object (&self->objects);
}

void
quilt_hub_free (QuiltHub *self)
{
  if (!self)
    return;
  quilt_hub_withdraw (self);
  g_clear_pointer (&self->authority, quilt_authority_free);
  g_clear_pointer (&self->admission, quilt_admission_free);
  g_clear_pointer (&self->quota, quilt_quota_free);
  g_clear_object (&self->bus);
  g_free (self);
}

void
quilt_hub_set_max_pending (QuiltHub *self, guint64 max_pending)
{
  quilt_quota_set_max (self->quota, (guint)MIN (max_pending, G_MAXUINT));
}

void
quilt_hub_hold (QuiltHub *self)
{
  self->operations++;
}

void
quilt_hub_release (QuiltHub *self)
{
  g_return_if_fail (self->operations > 0);
  self->operations--;
  if (self->operations == 0 && self->on_idle)
    self->on_idle (self->on_idle_data);
}

void
quilt_hub_when_idle (QuiltHub *self, void (*callback) (gpointer data), gpointer data)
{
  self->on_idle = callback;
  self->on_idle_data = data;
  if (callback && self->operations == 0)
    callback (data);
}

void
quilt_hub_export (QuiltHub *self, const char *path, GDBusInterfaceSkeleton *object)
{
  g_autoptr (GDBusObjectSkeleton) holder = g_dbus_object_skeleton_new (path);

  quilt_admission_guard (self->admission, object);
  g_dbus_object_skeleton_add_interface (holder, object);
  g_dbus_object_manager_server_export (self->objects, holder);
}

void
quilt_hub_unexport (QuiltHub *self, const char *path)
{
  g_dbus_object_manager_server_unexport (self->objects, path);
}

void
quilt_hub_on_change (QuiltHub *self, void (*callback) (gpointer data), gpointer data)
{
  self->on_change = callback;
  self->on_change_data = data;
}

void
quilt_hub_changed (QuiltHub *self)
{
  if (self->on_change)
    self->on_change (self->on_change_data);
}
