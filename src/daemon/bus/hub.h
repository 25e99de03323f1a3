/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* State shared by all objects on the bus: the connection, the admission check, the authority, and a
 * count of the running operations. */
#pragma once

#include "daemon/bus/authority.h"
#include "daemon/bus/managed-objects.h"
#include "dbus/address.h"
#include "dbus/server/activity.h"

typedef struct QuiltHub QuiltHub;

/* From now on, bus, which is borrowed, serves calls. max_pending limits the unanswered calls of
 * each uid except 0. */
QuiltHub *quilt_hub_new (QuiltDbus *bus, guint64 max_pending);
/* Takes all objects off the bus, and answers all waiting calls of GetManagedObjects. */
void quilt_hub_withdraw (QuiltHub *self);
void quilt_hub_free (QuiltHub *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltHub, quilt_hub_free)

void quilt_hub_set_max_pending (QuiltHub *self, guint64 max_pending);

/* Borrowed; the second is NULL from quilt_hub_withdraw() on. */
QuiltAuthority *quilt_hub_get_authority (const QuiltHub *self);
QuiltManagedObjects *quilt_hub_get_managed_objects (const QuiltHub *self);

/* The number of a new job. Each number is used once. */
guint64 quilt_hub_next_job (QuiltHub *self);

/* The work of quiltd other than calls: while there is any, quiltd does not exit as idle.
 * Operations, jobs and charges that outlive their call are counted in it. Borrowed. */
QuiltActivity *quilt_hub_get_work (const QuiltHub *self);

/* The calls that the bus has delivered, until they are freed. Borrowed. */
QuiltActivity *quilt_hub_get_calls (const QuiltHub *self);

/* Brackets an operation. When quiltd is asked to end, it finishes such operations first. */
void quilt_hub_hold (QuiltHub *self);
void quilt_hub_release (QuiltHub *self);
gboolean quilt_hub_is_idle (const QuiltHub *self);

/* Calls callback whenever no operation is running, the first time maybe at once. NULL: stops
 * that. */
void quilt_hub_when_idle (QuiltHub *self, void (*callback) (gpointer data), gpointer data);

/* Puts object, which is borrowed, on the bus at path, and takes it off again. Callers are charged,
 * see daemon/bus/admission.h. Callers see none of the objects before quilt_hub_show(). */
void quilt_hub_export (QuiltHub *self, const char *path, QuiltExport *object);
void quilt_hub_unexport (QuiltHub *self, const char *path);
void quilt_hub_show (QuiltHub *self);

/* Calls callback at each quilt_hub_changed(): containers or images came, went or changed. */
void quilt_hub_on_change (QuiltHub *self, void (*callback) (gpointer data), gpointer data);
void quilt_hub_changed (QuiltHub *self);
