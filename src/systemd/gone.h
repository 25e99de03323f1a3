/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits until scopes have left a slice, by the removal of their cgroups: no polling, no bus. */
#pragma once

#include <gio/gio.h>

typedef struct QuiltGone QuiltGone;

/* No process is left in the cgroup of a scope that is waited for. Called once per scope. */
typedef void (*QuiltGoneEmptyFunc) (const char *name, gpointer data);

/* slice is the path of its cgroup; it need not be there. NULL: systemd's quilt.slice. */
QuiltGone *quilt_gone_new (const char *slice, QuiltGoneEmptyFunc on_scope_empty, gpointer data);
/* Tasks that wait are finished with CANCELLED. */
void quilt_gone_free (QuiltGone *self);

/* Returns TRUE from task when the slice has no cgroup of this name, at once if that is so now; an
 * error (QUILT_ERROR) when it can't be watched, and CANCELLED when the task's cancellable is. */
void quilt_gone_wait (QuiltGone *self, const char *name, GTask *task);
