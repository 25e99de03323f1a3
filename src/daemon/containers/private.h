/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the parts of a container's life. */
#pragma once

#include "base/error.h"
#include "daemon/containers/container.h"

/* The data of an event of a container's life. */
typedef struct {
  guint64 timeout_usec; /* STOP: until SIGKILL */
  const GError *error;  /* UNMARKED, UNDELETED: why */
  gboolean unrecorded;  /* RECORDED: it could not be written */
} QuiltHappening;

/* The event has happened, or is to happen: does what the table of daemon/containers/life.h says.
 * how may be NULL. */
void quilt_container_happen (QuiltContainer *self, QuiltLifeEvent event, const QuiltHappening *how);

/* self->result says how the run, which has ended or could not begin, went. */

/* Writes that a run has begun, then MARKED or UNMARKED happens. */
void quilt_container_mark (QuiltContainer *self);
/* Writes how it ended, then RECORDED happens; also if that is impossible, and tries on. */
void quilt_container_record (QuiltContainer *self);
/* It runs: if the record says otherwise, the record is wrong. */
void quilt_container_reopen (QuiltContainer *self, guint64 started_usec);

/* Deletes its files, then DELETED or UNDELETED happens. */
void quilt_container_delete_files (QuiltContainer *self);
/* Nothing is left of it: takes the object away. */
void quilt_container_vanish (QuiltContainer *self);

/* Its own, the image's, or SIGTERM. */
int quilt_container_get_stop_signal (const QuiltContainer *self);

/* Refuses task while a slice that the container is in is frozen: its supervisor does not run. TRUE:
 * task was answered. */
gboolean quilt_container_refuse_while_frozen (GTask *task, const QuiltContainer *self);
/* Refuses an operation until the last output is taken. TRUE. */
gboolean quilt_container_refuse_while_lingering (GTask *task, const QuiltContainer *self);
/* Returns task with an error, "Container 'NAME' WHY". TRUE. */
gboolean
quilt_container_refuse (GTask *task, QuiltError code, const QuiltContainer *self, const char *why);

/* Its run has ended, but its supervisor stays for the sake of its last output. */
gboolean quilt_container_is_lingering (const QuiltContainer *self);
