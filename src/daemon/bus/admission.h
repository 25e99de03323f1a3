/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Admission of calls: charges every call to the caller's uid, before quiltd does anything else for
 * the caller. */
#pragma once

#include "daemon/bus/quota.h"
#include "dbus/server/call.h"

/* The limit for names in one list, except in calls of root. */
#define QUILT_NAMES_MAX 1024

typedef struct QuiltAdmission QuiltAdmission;

/* A charge of one piece of work to a uid. */
typedef struct QuiltCharge QuiltCharge;

/* bus, which is borrowed, is the bus of the callers and of org.freedesktop.DBus. Each charge counts
 * as an activity in work. */
QuiltAdmission *quilt_admission_new (QuiltDbus *bus, QuiltQuota *quota, QuiltActivity *work);
/* Calls whose callers are still unknown stay unanswered: the bus tells their callers that quiltd
 * has gone. */
void quilt_admission_free (QuiltAdmission *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltAdmission, quilt_admission_free)

/* Charges the call until it is freed, and then calls admitted, now or later. A caller with too many
 * unanswered calls gets QuotaExceeded instead. Takes over a reference to call, and passes it on. */
void quilt_admission_admit (QuiltAdmission *self,
                            QuiltCall *call,
                            QuiltCallFunc admitted,
                            gpointer data);

/* The caller's uid. Valid in a handler and after it. */
guint32 quilt_admission_get_uid (const QuiltCall *call);

/* Keeps the charge of a call for work that continues after the answer. The charge ends when the
 * call has ended and all holders have released it. */
QuiltCharge *quilt_admission_hold (const QuiltCall *call);
void quilt_charge_release (QuiltCharge *charge);
