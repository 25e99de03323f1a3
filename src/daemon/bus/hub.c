/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* State shared by all objects on the bus. */
#include "daemon/bus/hub.h"

#include "daemon/bus/admission.h"
#include "daemon/bus/quota.h"

struct QuiltHub {
  QuiltDbus *bus;
  QuiltObjects *objects;
  QuiltManagedObjects *managed_objects; /* GetManagedObjects */
  QuiltAdmission *admission;
  QuiltAuthority *authority;
  QuiltQuota *quota;
  QuiltActivity *work, *calls;
  guint64 last_job;

  guint operations; /* operations that have not finished */
  void (*on_idle) (gpointer data);
  gpointer on_idle_data;
  void (*on_change) (gpointer data);
  gpointer on_change_data;
};

QuiltHub *
quilt_hub_new (QuiltDbus *bus, guint64 max_pending)
{
  QuiltHub *self = g_new0 (QuiltHub, 1);

  self->bus = bus;
  self->quota = quilt_quota_new ((guint)MIN (max_pending, G_MAXUINT));
  self->work = quilt_activity_new ();
  self->admission = quilt_admission_new (bus, self->quota, self->work);
  self->authority = quilt_authority_new (bus);
  self->calls = quilt_activity_new ();
  self->objects = quilt_objects_new (bus, self->calls, self->admission);
  self->managed_objects = quilt_managed_objects_new (self->objects);
  return self;
}

void
quilt_hub_withdraw (QuiltHub *self)
{
  g_clear_pointer (&self->managed_objects, quilt_managed_objects_free);
  quilt_objects_withdraw (self->objects);
}

void
quilt_hub_free (QuiltHub *self)
{
  if (!self)
    return;
  quilt_hub_withdraw (self);
  g_clear_pointer (&self->objects, quilt_objects_free);
  g_clear_pointer (&self->authority, quilt_authority_free);
  g_clear_pointer (&self->admission, quilt_admission_free);
  g_clear_pointer (&self->quota, quilt_quota_free);
  g_clear_pointer (&self->work, quilt_activity_unref);
  g_clear_pointer (&self->calls, quilt_activity_unref);
  g_free (self);
}

void
quilt_hub_set_max_pending (QuiltHub *self, guint64 max_pending)
{
  quilt_quota_set_max (self->quota, (guint)MIN (max_pending, G_MAXUINT));
}

QuiltAuthority *
quilt_hub_get_authority (const QuiltHub *self)
{
  return self->authority;
}

QuiltManagedObjects *
quilt_hub_get_managed_objects (const QuiltHub *self)
{
  return self->managed_objects;
}

QuiltActivity *
quilt_hub_get_work (const QuiltHub *self)
{
  return self->work;
}

QuiltActivity *
quilt_hub_get_calls (const QuiltHub *self)
{
  return self->calls;
}

guint64
quilt_hub_next_job (QuiltHub *self)
{
  return ++self->last_job;
}

void
quilt_hub_hold (QuiltHub *self)
{
  self->operations++;
  quilt_activity_begin (self->work);
}

void
quilt_hub_release (QuiltHub *self)
{
  g_return_if_fail (self->operations > 0);
  self->operations--;
  quilt_activity_end (self->work);
  if (self->operations == 0 && self->on_idle)
    self->on_idle (self->on_idle_data);
}

gboolean
quilt_hub_is_idle (const QuiltHub *self)
{
  return self->operations == 0;
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
quilt_hub_export (QuiltHub *self, const char *path, QuiltExport *object)
{
  quilt_objects_add (self->objects, path, object);
}

void
quilt_hub_unexport (QuiltHub *self, const char *path)
{
  quilt_objects_remove (self->objects, path);
}

void
quilt_hub_show (QuiltHub *self)
{
  quilt_objects_show (self->objects);
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
