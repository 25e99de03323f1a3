/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work that takes long, as an object on the bus: its progress and its end. */
#pragma once

#include "daemon/bus/hub.h"
#include "dbus/quilt-bus.h"

#define QUILT_TYPE_JOB (quilt_job_get_type ())
G_DECLARE_FINAL_TYPE (QuiltJob, quilt_job, QUILT, JOB, QuiltBusJobSkeleton)

/* Puts a new job on the bus, for the caller of invocation; it stays there for a while after its
 * end, until which the caller is charged for it. cancel returns FALSE if it is too late, else the
 * job completes as cancelled; it is not called again then, nor after the end. The job belongs to
 * its worker until then. */
QuiltJob *quilt_job_new (QuiltHub *hub,
                         const char *operation,
                         GDBusMethodInvocation *invocation,
                         gboolean (*cancel) (gpointer data),
                         gpointer data);

const char *quilt_job_get_path (const QuiltJob *self);

/* total 0: not known. Told to others a few times a second. */
void quilt_job_progress (QuiltJob *self, guint64 bytes, guint64 total);

/* Ends the job: emits Completed with results (a{sv}, floating or NULL) or with error. Every user
 * receives Completed, so it has only the class of the error and some of the results; GetResult has
 * all. Drops the reference that quilt_job_new() returned. */
void quilt_job_complete (QuiltJob *self, GVariant *results, const GError *error);
