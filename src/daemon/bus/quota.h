/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much unfinished work one user may have: one caller can't take the daemon from the others. */
#pragma once

#include <glib.h>

typedef struct QuiltQuota QuiltQuota;

QuiltQuota *quilt_quota_new (guint max);
QuiltQuota *quilt_quota_ref (QuiltQuota *self);
/* Drops one reference. */
void quilt_quota_free (QuiltQuota *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltQuota, quilt_quota_free)

/* For what begins from now on. */
void quilt_quota_set_max (QuiltQuota *self, guint max);

/* Charges uid with one piece of work. QUOTA_EXCEEDED, and nothing charged, when it has max already.
 * frees: the work may end other work of uid, and is refused only from twice max on. uid 0 is never
 * refused. */
gboolean quilt_quota_enter (QuiltQuota *self, guint32 uid, gboolean frees, GError **error);
/* Takes one charge back. */
void quilt_quota_leave (QuiltQuota *self, guint32 uid);
guint quilt_quota_get_pending (QuiltQuota *self, guint32 uid);
