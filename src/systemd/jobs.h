/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting scopes: systemd's jobs, from their request to JobRemoved. */
#pragma once

#include "systemd/gone.h"

typedef struct QuiltJobs QuiltJobs;

/* Borrows gone, by which it waits for an older scope of the same name. */
QuiltJobs *quilt_jobs_new (GDBusConnection *bus, QuiltGone *gone);
/* Finishes all of them as CANCELLED. */
void quilt_jobs_free (QuiltJobs *self);

/* See quilt_systemd_start_scope_async(); the result is a GTask's boolean. */
void quilt_jobs_start_scope_async (QuiltJobs *self,
                                   const char *unit,
                                   GVariant *properties,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer data);
