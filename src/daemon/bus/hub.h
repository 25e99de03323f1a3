/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by every object on the bus: the connection, the admission check, the authority, and a
 * count of the running operations. */
#pragma once

#include "daemon/bus/address.h"
#include "daemon/bus/admission.h"
#include "daemon/bus/authority.h"
#include "daemon/bus/managed-objects.h"
#include "daemon/bus/quota.h"

#include <gio/gio.h>

typedef struct {
  GDBusConnection *bus;
  GDBusObjectManagerServer *objects;
  QuiltManagedObjects *managed_objects; /* GetManagedObjects */
  QuiltAdmission *admission;
  QuiltAuthority *authority;
  QuiltQuota *quota;
  guint64 last_job;

  guint operations; /* calls that change something and are not answered */
  void (*on_idle) (gpointer data);
  gpointer on_idle_data;
  void (*on_change) (gpointer data);
  gpointer on_change_data;
} QuiltHub;

/* max_pending: unanswered calls of a uid other than 0. */
QuiltHub *quilt_hub_new (GDBusConnection *bus, guint64 max_pending);
/* Takes all objects off the bus, and answers all waiting calls of GetManagedObjects. */
void quilt_hub_withdraw (QuiltHub *self);
void quilt_hub_free (QuiltHub *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltHub, quilt_hub_free)

void quilt_hub_set_max_pending (QuiltHub *self, guint64 max_pending);

/* An operation between the two is finished before quiltd ends, when that is asked for. */
void quilt_hub_hold (QuiltHub *self);
void quilt_hub_release (QuiltHub *self);

/* Calls callback whenever nothing is held, the first time maybe at once. NULL: no longer. */
void quilt_hub_when_idle (QuiltHub *self, void (*callback) (gpointer data), gpointer data);

/* Puts object on the bus at path, and takes it off again. */
void quilt_hub_export (QuiltHub *self, const char *path, GDBusInterfaceSkeleton *object);
void quilt_hub_unexport (QuiltHub *self, const char *path);

/* Calls callback at each quilt_hub_changed(): containers or images came, went or changed. */
void quilt_hub_on_change (QuiltHub *self, void (*callback) (gpointer data), gpointer data);
void quilt_hub_changed (QuiltHub *self);
