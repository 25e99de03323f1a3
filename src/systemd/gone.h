/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits until scopes are empty, or have left a slice, by watching their cgroups, without polling or
 * the bus. */
#pragma once

#include <gio/gio.h>

typedef struct QuiltGone QuiltGone;

/* Called when the cgroup of a scope, for which a caller waits or has waited, contains no process
 * any more. A scope is named by its place (see spec/slice.h). */
typedef void (*QuiltGoneHurryFunc) (const char *place, gpointer data);

/* slice is the path of the slice's cgroup, which need not exist; NULL: systemd's quilt.slice. */
QuiltGone *quilt_gone_new (const char *slice, QuiltGoneHurryFunc hurry, gpointer data);
/* Finishes waiting tasks with CANCELLED. */
void quilt_gone_free (QuiltGone *self);

/* Returns TRUE from task when the slice has no cgroup at this place, which may be at once. Returns
 * CANCELLED when the task's cancellable is cancelled. */
void quilt_gone_wait (QuiltGone *self, const char *place, GTask *task);
/* As quilt_gone_wait(), but waits only until the cgroup contains no process. */
void quilt_gone_wait_empty (QuiltGone *self, const char *place, GTask *task);
/* As quilt_gone_wait(), but only for the scope that was found empty. Does not wait for a later
 * scope at that place, nor for a scope for which no caller waited while it had processes. */
void quilt_gone_wait_left (QuiltGone *self, const char *place, GTask *task);
