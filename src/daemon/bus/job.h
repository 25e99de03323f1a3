/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs: long operations as objects on the bus, with progress and result. */
#pragma once

#include "daemon/bus/hub.h"

#include <glib-object.h>

#define QUILT_TYPE_JOB (quilt_job_get_type ())
G_DECLARE_FINAL_TYPE (QuiltJob, quilt_job, QUILT, JOB, GObject)

/* Puts a new job on the bus, for the caller of call. It stays there for a while after its
 * end, and is charged to the caller until its end. cancel() returns FALSE if it is too late;
 * otherwise the job must complete as cancelled. cancel() is called at most once with that result,
 * and never after the end. Until quilt_job_complete(), the job belongs to its worker. */
QuiltJob *quilt_job_new (QuiltHub *hub,
                         const char *operation,
                         QuiltCall *call,
                         gboolean (*cancel) (gpointer data),
                         gpointer data);

const char *quilt_job_get_path (const QuiltJob *self);

/* Sets the progress; total 0: unknown. Announces it a few times a second. */
void quilt_job_progress (QuiltJob *self, guint64 bytes, guint64 total);

/* Ends the job: emits Completed with results (a{sv}, floating or NULL) or with error. Every user
 * receives Completed, so it contains only the class of the error and some of the results; GetResult
 * returns all. Drops the reference that quilt_job_new() returned. */
void quilt_job_complete (QuiltJob *self, GVariant *results, const GError *error);
