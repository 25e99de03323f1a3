/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Detects that quiltd has been idle for a while. */
#pragma once

#include "dbus/server/activity.h"

typedef struct QuiltIdle QuiltIdle;

/* Watches calls, which peers make, and work, which quiltd does. Calls callback from the main
 * context when there was neither for the time of quilt_idle_set(), and again after later
 * activities. Watches nothing before quilt_idle_set(). */
QuiltIdle *quilt_idle_new (QuiltActivity *calls,
                           QuiltActivity *work,
                           void (*callback) (gpointer data),
                           gpointer data);
void quilt_idle_free (QuiltIdle *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltIdle, quilt_idle_free)

/* Sets the time, which begins now at the earliest. QUILT_INFINITY: never. 0: at once, which may be
 * before this function returns. */
void quilt_idle_set (QuiltIdle *self, guint64 usec);

/* Whether there is no activity now. */
gboolean quilt_idle_is_quiet (const QuiltIdle *self);
