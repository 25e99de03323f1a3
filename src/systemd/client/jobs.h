/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd's jobs, from the call that asks for a job to JobRemoved. */
#pragma once

#include "dbus/client.h"

typedef struct QuiltJobs QuiltJobs;
typedef struct QuiltJob QuiltJob;

/* Borrows dbus. survives: on a main loop, the start of a scope survives that systemd is executed
 * anew (`systemctl daemon-reexec`): no call, answer or signal that is lost then is waited for.
 * FALSE: such a start fails. */
QuiltJobs *quilt_jobs_new (QuiltDbus *dbus, gboolean survives);
/* Drops the callbacks of jobs that are not over. */
void quilt_jobs_free (QuiltJobs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltJobs, quilt_jobs_free)

/* result: how the job ended; "done" means success. NULL: error says why there was no job. Called
 * once, never inside a function of this file. The job is freed after it. */
typedef void (*QuiltJobFunc) (const char *result, const GError *error, gpointer data);

/* StartTransientUnit of a scope, mode "fail". properties is an a(sv); a floating one is consumed.
 * The result is owned by self. */
QuiltJob *quilt_jobs_start_scope (
    QuiltJobs *self, const char *unit, GVariant *properties, QuiltJobFunc func, gpointer data);

/* StopUnit, mode "replace". */
QuiltJob *
quilt_jobs_stop_unit (QuiltJobs *self, const char *unit, QuiltJobFunc func, gpointer data);

/* Drops the callback and frees the job. systemd goes on with it. */
void quilt_job_forget (QuiltJob *self);
