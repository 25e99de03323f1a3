/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of this room share about the connection to systemd. */
#pragma once

#include "systemd/gone.h"
#include "systemd/systemd.h"

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

struct QuiltSystemd {
  GDBusConnection *bus;
  QuiltGone *gone;
  GPtrArray *jobs; /* of GTask with a Job of jobs.c: begun and not yet done */
  guint job_removed;
  guint request_stop;
  QuiltStopRequestFunc on_stop;
  gpointer on_stop_data;
};

/* A method of systemd's manager; arguments may float. */
void quilt_systemd_call (QuiltSystemd *self,
                         const char *method,
                         GVariant *arguments,
                         const char *reply,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer data);

/* Whether systemd answered with the error org.freedesktop.systemd1.NAME. */
gboolean quilt_systemd_is_error (const GError *error, const char *name);

/* What a caller is told about a failed call: a new QUILT_ERROR. */
GError *quilt_systemd_describe (const GError *cause, const char *verb, const char *unit);

void quilt_systemd_jobs_init (QuiltSystemd *self);
/* Finishes all of them as CANCELLED. */
void quilt_systemd_jobs_clear (QuiltSystemd *self);
