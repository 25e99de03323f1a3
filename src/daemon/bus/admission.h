/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Admission of calls: refuses a call that is too large (daemon/relay/relay.h has cut it), and
 * charges every other call to the caller's uid, before quiltd does anything else for the caller. */
#pragma once

#include "daemon/relay/activity.h"
#include "daemon/bus/quota.h"

#include <gio/gio.h>

/* The limit for names in one list, except in calls of root. */
#define QUILT_NAMES_MAX 1024

typedef struct QuiltAdmission QuiltAdmission;

/* A charge of one piece of work to a uid. */
typedef struct QuiltCharge QuiltCharge;

/* bus is the bus of the callers and of org.freedesktop.DBus. Each charge counts as an activity in
 * work. */
QuiltAdmission *quilt_admission_new (GDBusConnection *bus, QuiltQuota *quota, QuiltActivity *work);
void quilt_admission_free (QuiltAdmission *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltAdmission, quilt_admission_free)

/* From now on every call of a method of object is charged before its handler runs, until its
 * invocation is finalized. A caller with too many unanswered calls gets QuotaExceeded. */
void quilt_admission_guard (QuiltAdmission *self, GDBusInterfaceSkeleton *object);

/* The caller's uid. Valid in a handler and after it. */
guint32 quilt_admission_get_uid (GDBusMethodInvocation *invocation);

/* Keeps the charge of a call for work that continues after the answer. The charge ends when the
 * call has ended and all holders have released it. */
QuiltCharge *quilt_admission_hold (GDBusMethodInvocation *invocation);
void quilt_charge_release (QuiltCharge *charge);
