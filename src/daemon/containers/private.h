/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of a container's life need of each other: start.c, end.c, stop.c, remove.c. */
#pragma once

#include "base/error.h"
#include "daemon/containers/life.h"

/* self->result says how the run ended: saves that and tells everybody. */
void quilt_container_record_end (QuiltContainer *self);
/* The same for a run that never began. */
void quilt_container_fail (QuiltContainer *self, const GError *why);
/* Nothing but its last output keeps the run from being over. */
void quilt_container_linger (QuiltContainer *self);
/* There is news of a run that an earlier quiltd started. */
void quilt_container_known (QuiltContainer *self);
/* It runs: if the record says otherwise, the record is wrong. */
void quilt_container_reopen (QuiltContainer *self, guint64 started_usec);
/* It has ended, and was never open on the record, or is not any more: what is on the record counts.
 */
void quilt_container_keep_record (QuiltContainer *self);

/* Its own, the image's, or SIGTERM. */
int quilt_container_get_stop_signal (const QuiltContainer *self);

/* Refuses task while a slice that the container is in is frozen: its supervisor does not run. TRUE:
 * task was answered. */
gboolean quilt_container_refuse_while_frozen (GTask *task, const QuiltContainer *self);

/* The container is active. What has not got as far as its command is killed. */
void quilt_container_begin_stop (QuiltContainer *self, guint64 timeout_usec);

/* Its run has ended, but its supervisor stays for the sake of its last output. */
gboolean quilt_container_is_lingering (const QuiltContainer *self);
/* What was asked of it can't be done before that is taken. TRUE. */
gboolean quilt_container_refuse_while_lingering (GTask *task, const QuiltContainer *self);

/* The next step of a removal that was begun, if there is nothing to wait for. */
void quilt_container_remove_if_due (QuiltContainer *self);

/* Returns task with an error, "Container 'NAME' WHY". TRUE. */
gboolean
quilt_container_refuse (GTask *task, QuiltError code, const QuiltContainer *self, const char *why);
