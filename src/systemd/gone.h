/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits until scopes are empty, or have left a slice, by their cgroups: no polling, no bus. */
#pragma once

#include <gio/gio.h>

typedef struct QuiltGone QuiltGone;

/* No process is left in the cgroup of a scope that somebody waits or waited for. A scope is named
 * by its place (see spec/slice.h). */
typedef void (*QuiltGoneHurryFunc) (const char *place, gpointer data);

/* slice is the path of its cgroup; it need not be there. NULL: systemd's quilt.slice. */
QuiltGone *quilt_gone_new (const char *slice, QuiltGoneHurryFunc hurry, gpointer data);
/* Tasks that wait are finished with CANCELLED. */
void quilt_gone_free (QuiltGone *self);

/* Returns TRUE from task when the slice has no cgroup at this place, at once if that is so now;
 * CANCELLED when the task's cancellable is. */
void quilt_gone_wait (QuiltGone *self, const char *place, GTask *task);
/* Likewise when no process is in it any more. */
void quilt_gone_wait_empty (QuiltGone *self, const char *place, GTask *task);
/* Likewise when the one is gone that was found empty: a later one at that place is not waited for,
 * nor one that nobody waited for while it had processes. */
void quilt_gone_wait_left (QuiltGone *self, const char *place, GTask *task);
