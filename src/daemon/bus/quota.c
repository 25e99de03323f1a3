/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits the unfinished work of each user, so that one caller can't occupy the daemon. */
#include "daemon/bus/quota.h"

#include "base/error.h"

struct QuiltQuota {
  guint max;
  GHashTable *pending; /* uid → number of charges; no entry means none */
};

guint
quilt_quota_get_pending (QuiltQuota *self, guint32 uid)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->pending, GUINT_TO_POINTER (uid)));
}

gboolean
quilt_quota_enter (QuiltQuota *self, guint32 uid, gboolean frees, GError **error)
{
  guint pending = quilt_quota_get_pending (self, uid);

  if (uid != 0 && pending / (frees ? 2 : 1) >= self->max) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_QUOTA_EXCEEDED,
                 "User %u has %u unfinished calls and jobs, as many as MaxPendingPerUser= in "
                 "quiltd.conf allows; wait until one of them ends, or cancel a job",
                 uid, pending);
    return FALSE;
  }
  g_hash_table_insert (self->pending, GUINT_TO_POINTER (uid), GUINT_TO_POINTER (pending + 1));
  return TRUE;
}

void
quilt_quota_leave (QuiltQuota *self, guint32 uid)
{
  guint pending = quilt_quota_get_pending (self, uid);

  g_return_if_fail (pending > 0);
  if (pending == 1)
    g_hash_table_remove (self->pending, GUINT_TO_POINTER (uid));
  else
    g_hash_table_insert (self->pending, GUINT_TO_POINTER (uid), GUINT_TO_POINTER (pending - 1));
}

void
quilt_quota_set_max (QuiltQuota *self, guint max)
{
  self->max = max;
}

QuiltQuota *
quilt_quota_new (guint max)
{
  QuiltQuota *self = g_rc_box_new0 (QuiltQuota);

  self->max = max;
  self->pending = g_hash_table_new (NULL, NULL);
  return self;
}

QuiltQuota *
quilt_quota_ref (QuiltQuota *self)
{
  return g_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  QuiltQuota *self = data;

  g_hash_table_unref (self->pending);
}

void
quilt_quota_free (QuiltQuota *self)
{
  g_rc_box_release_full (self, clear);
}
