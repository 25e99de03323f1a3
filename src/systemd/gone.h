/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits until scopes are empty, or have left a slice, by their cgroups: no polling, no bus. */
#pragma once

#include <gio/gio.h>

typedef struct QuiltGone QuiltGone;

/* No process is left in the cgroup of a scope that somebody waits or waited for. */
typedef void (*QuiltGoneHurryFunc) (const char *name, gpointer data);

/* slice is the path of its cgroup; it need not be there. NULL: systemd's quilt.slice. */
QuiltGone *quilt_gone_new (const char *slice, QuiltGoneHurryFunc hurry, gpointer data);
/* Tasks that wait are finished with CANCELLED. */
void quilt_gone_free (QuiltGone *self);

/* Returns TRUE from task when the slice has no cgroup of this name, at once if that is so now;
 * CANCELLED when the task's cancellable is. */
void quilt_gone_wait (QuiltGone *self, const char *name, GTask *task);
/* Likewise when no process is in it any more. */
void quilt_gone_wait_empty (QuiltGone *self, const char *name, GTask *task);
/* Likewise when the one is gone that was found empty: a later one of that name is not waited for,
 * nor one that nobody waited for while it had processes. */
void quilt_gone_wait_left (QuiltGone *self, const char *name, GTask *task);
