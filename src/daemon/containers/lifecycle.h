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

/* Takes over the run that an earlier quiltd has left; see quilt_run_adopt(). FALSE: there is none.
 */
gboolean quilt_container_resume (QuiltContainer *self);
/* The container, which does not run, goes: an earlier quiltd should have removed it. */
void quilt_container_remove_leftover (QuiltContainer *self);
/* How its run ended, as the supervisor has kept it in the store while quiltd was away. */
gboolean quilt_container_find_kept_end (const QuiltContainer *self, QuiltMessage *ret_message);
/* Takes the state that the last result gives, without a signal. */
void quilt_container_take_state (QuiltContainer *self);

/* quiltd ends: the last attempt to write how containers ended, where that failed before. */
void quilt_container_retry_records (QuiltContainers *containers);

/* A client asked systemd to stop a scope; data is the QuiltContainers. */
void quilt_container_on_stop_request (const char *unit, gpointer data);
