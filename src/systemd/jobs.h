/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting scopes by systemd's jobs, from the request to JobRemoved. */
#pragma once

#include "systemd/gone.h"

typedef struct QuiltJobs QuiltJobs;

/* Borrows gone, to wait for an older scope of the same name. */
QuiltJobs *quilt_jobs_new (GDBusConnection *bus, QuiltGone *gone);
/* Finishes all unfinished tasks with CANCELLED. */
void quilt_jobs_free (QuiltJobs *self);

/* See quilt_systemd_start_scope_async(). The result is the boolean of a GTask. */
void quilt_jobs_start_scope_async (QuiltJobs *self,
                                   const char *unit,
                                   GVariant *properties,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer data);
