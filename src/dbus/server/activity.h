/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts activities; any thread may change the count. While there are any, quiltd does not exit as
 * idle. */
#pragma once

#include <glib.h>

typedef struct QuiltActivity QuiltActivity;

QuiltActivity *quilt_activity_new (void);
QuiltActivity *quilt_activity_ref (QuiltActivity *self);
void quilt_activity_unref (QuiltActivity *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltActivity, quilt_activity_unref)

/* Brackets an activity. Each begin takes a reference, which end drops. */
void quilt_activity_begin (QuiltActivity *self);
void quilt_activity_end (QuiltActivity *self);

/* Whether there is no activity. ret_since_usec: when the last one began or ended (monotonic); 0:
 * there never was one. */
gboolean quilt_activity_is_none (QuiltActivity *self, gint64 *ret_since_usec);

/* Calls callback in the default main context after an end that leaves no activity. Several such
 * ends may cause one call, and new activities may have begun since. NULL: stops that. Only for the
 * main thread. */
void quilt_activity_on_none (QuiltActivity *self, void (*callback) (gpointer data), gpointer data);
