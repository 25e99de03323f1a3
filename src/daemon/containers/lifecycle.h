/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations on a container, in any state. */
#pragma once

#include "daemon/containers/container.h"

typedef struct {
  guint64 timeout_usec; /* stop */
  gboolean has_timeout;
  gboolean close_output; /* stop: its writes fail, so that it notices */
  int signal;            /* kill: 1..64 */
  gboolean force;        /* remove */
} QuiltVerbArgs;

/* Where a copy of the output goes; -1: nowhere. The descriptors stay the caller's. */
typedef struct {
  int out;
  int err;
} QuiltAttach;

/* Each takes task over and returns it as a boolean when dbus/org.quilt.xml says that the call is
 * answered. The task's source object is the container. */
void quilt_container_start (QuiltContainer *self, const QuiltAttach *attach, GTask *task);
void quilt_container_stop (QuiltContainer *self, const QuiltVerbArgs *args, GTask *task);
void quilt_container_restart (QuiltContainer *self, const QuiltVerbArgs *args, GTask *task);
void quilt_container_kill (QuiltContainer *self, const QuiltVerbArgs *args, GTask *task);
void quilt_container_remove (QuiltContainer *self, const QuiltVerbArgs *args, GTask *task);
/* The task's data is a QuiltEnding, to be filled in. */
void quilt_container_wait (QuiltContainer *self, GTask *task);

/* Whether the record can be changed now, after the caller was checked for the container as name.
 * NOT_FOUND, BUSY. */
gboolean
quilt_container_check_editable (const QuiltContainer *self, const char *name, GError **error);
/* BUSY if the supervisor of its run has not read earlier messages: it could not be told the change.
 */
gboolean quilt_container_check_supervisor (const QuiltContainer *self, GError **error);
/* Between the two, its record is on its way to the disk: neither can it be changed by another call,
 * nor does quiltd end. */
void quilt_container_begin_edit (QuiltContainer *self);
void quilt_container_end_edit (QuiltContainer *self);

/* A new quiltd has published the container: finds its run, or how that ended. may_remove: remove a
 * container that an earlier quiltd should have removed; nothing of it may run. */
void quilt_container_recover (QuiltContainer *self, gboolean may_remove);

/* quiltd ends: the last attempt to write how containers ended, where that failed before. */
void quilt_container_retry_records (QuiltContainers *containers);

/* A client asked systemd to stop a scope; data is the QuiltContainers. */
void quilt_container_on_stop_request (const char *unit, gpointer data);
