/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door of quiltd: refuses a call that is too large (daemon/bus/relay.h has cut it), and charges
 * the caller's uid with every other, before anything else is done for the caller. */
#pragma once

#include "daemon/bus/activity.h"
#include "daemon/bus/quota.h"

#include <gio/gio.h>

/* The names in one list, but root's. */
#define QUILT_NAMES_MAX 1024

typedef struct QuiltAdmission QuiltAdmission;

/* A uid that is charged with one piece of work. */
typedef struct QuiltCharge QuiltCharge;

/* bus is where the callers and org.freedesktop.DBus are. work: each charge counts. */
QuiltAdmission *quilt_admission_new (GDBusConnection *bus, QuiltQuota *quota, QuiltActivity *work);
void quilt_admission_free (QuiltAdmission *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltAdmission, quilt_admission_free)

/* From now on every call of a method of object is charged before its handler runs, until its
 * invocation is finalized. A caller with too many unanswered calls gets QuotaExceeded. */
void quilt_admission_guard (QuiltAdmission *self, GDBusInterfaceSkeleton *object);

/* The caller's uid; only in and after a handler. */
guint32 quilt_admission_get_uid (GDBusMethodInvocation *invocation);

/* The charge of a call, for work that goes on after its answer: it ends when the call and all who
 * hold it have let go. */
QuiltCharge *quilt_admission_hold (GDBusMethodInvocation *invocation);
void quilt_charge_release (QuiltCharge *charge);
