/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells when nothing has gone on for a while. */
#pragma once

#include "daemon/bus/activity.h"

typedef struct QuiltIdle QuiltIdle;

/* Watches calls, which peers make, and work, which quiltd does. callback: nothing of both has gone
 * on for as long as quilt_idle_set() has said; called from the main context, and again after more
 * has gone on. Nothing is watched before quilt_idle_set(). */
QuiltIdle *quilt_idle_new (QuiltActivity *calls,
                           QuiltActivity *work,
                           void (*callback) (gpointer data),
                           gpointer data);
void quilt_idle_free (QuiltIdle *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltIdle, quilt_idle_free)

/* The time begins now at the earliest. QUILT_INFINITY: never. 0: at once, which may be before this
 * function returns. */
void quilt_idle_set (QuiltIdle *self, guint64 usec);

/* Whether nothing goes on at this moment. */
gboolean quilt_idle_is_quiet (const QuiltIdle *self);
