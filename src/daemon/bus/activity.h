/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A count of what goes on, which any thread may change: quiltd does not exit for being idle while
 * something goes on. */
#pragma once

#include <glib.h>

typedef struct QuiltActivity QuiltActivity;

QuiltActivity *quilt_activity_new (void);
QuiltActivity *quilt_activity_ref (QuiltActivity *self);
void quilt_activity_unref (QuiltActivity *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltActivity, quilt_activity_unref)

/* Something goes on between the two. Each begin takes a reference, which end drops. */
void quilt_activity_begin (QuiltActivity *self);
void quilt_activity_end (QuiltActivity *self);

/* Whether nothing goes on. ret_since_usec: when the last of it began or ended, of the monotonic
 * clock; 0: nothing ever did. */
gboolean quilt_activity_is_none (QuiltActivity *self, gint64 *ret_since_usec);

/* Calls callback in the default main context after each end that leaves nothing. Several such ends
 * may be one call, and more may have begun since. NULL: no longer. Only for the main thread. */
void quilt_activity_on_none (QuiltActivity *self, void (*callback) (gpointer data), gpointer data);
