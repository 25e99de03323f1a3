/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits the unfinished work of each user, so that one caller can't occupy the daemon. */
#pragma once

#include <glib.h>

typedef struct QuiltQuota QuiltQuota;

QuiltQuota *quilt_quota_new (guint max);
QuiltQuota *quilt_quota_ref (QuiltQuota *self);
/* Drops one reference. */
void quilt_quota_free (QuiltQuota *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltQuota, quilt_quota_free)

/* Applies to work that begins from now on. */
void quilt_quota_set_max (QuiltQuota *self, guint max);

/* Charges one piece of work to uid. If uid already has max, sets QUOTA_EXCEEDED and charges
 * nothing. frees: the work may end other work of uid, so it is refused only at twice max. uid 0 is
 * never refused. */
gboolean quilt_quota_enter (QuiltQuota *self, guint32 uid, gboolean frees, GError **error);
/* Removes one charge. */
void quilt_quota_leave (QuiltQuota *self, guint32 uid);
guint quilt_quota_get_pending (QuiltQuota *self, guint32 uid);
