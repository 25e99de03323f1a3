/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations on a container in any state. */
#pragma once

#include "daemon/containers/container.h"
#include "daemon/containers/run.h"
#include "daemon/containers/streams.h"

typedef struct {
  guint64 timeout_usec; /* stop */
  gboolean has_timeout;
  gboolean close_output; /* stop: the container's writes fail, so that it notices */
  int signal;            /* kill: 1..64 */
  gboolean force;        /* remove */
} QuiltVerbArgs;

/* Each takes ownership of task, and returns it as a boolean when dbus/org.quilt.xml says that the
 * call is answered. The task's source object is the container. */
void quilt_container_start (QuiltContainer *self, QuiltStreams *streams, GTask *task);
void quilt_container_stop (QuiltContainer *self, const QuiltVerbArgs *args, GTask *task);
void quilt_container_restart (QuiltContainer *self, const QuiltVerbArgs *args, GTask *task);
void quilt_container_kill (QuiltContainer *self, const QuiltVerbArgs *args, GTask *task);
void quilt_container_remove (QuiltContainer *self, const QuiltVerbArgs *args, GTask *task);
/* The task's data is a QuiltEnding, which is filled in. */
void quilt_container_wait (QuiltContainer *self, GTask *task);
/* If task waits for the container's end, answers it with an error, since its caller is gone. */
void quilt_container_end_wait (QuiltContainer *self, GTask *task);

/* Returns task when nothing of the last run is left, or an error if its last output lingers. Only
 * for a container whose run has ended. */
void quilt_container_await_rest (QuiltContainer *self, GTask *task);

/* Whether the record can be changed now, given the name for which the caller was checked.
 * NOT_FOUND, BUSY. */
gboolean
quilt_container_check_editable (const QuiltContainer *self, const char *name, GError **error);
/* BUSY if the run's supervisor has not read earlier messages, so that it could not be told of the
 * change. */
gboolean quilt_container_check_supervisor (const QuiltContainer *self, GError **error);
/* Bracket the writing of the record: meanwhile no other call can change it, and quiltd does not
 * end. */
void quilt_container_begin_edit (QuiltContainer *self);
void quilt_container_end_edit (QuiltContainer *self);

/* Called when a new quiltd has published the container. Finds its run, or the end of that.
 * may_remove: removes a container that an earlier quiltd should have removed; nothing of it may
 * run. */
void quilt_container_recover (QuiltContainer *self, gboolean may_remove);

/* Called when quiltd ends: tries for the last time to write ends that could not be written
 * before. */
void quilt_container_retry_records (QuiltContainers *containers);

/* Called when systemd is asked to stop a scope; data is the QuiltContainers. */
void quilt_container_on_stop_request (const char *unit, gpointer data);
