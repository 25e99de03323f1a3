/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The credentials of the container's processes: ids, groups, capabilities, no_new_privs. */
#pragma once

#include "core/identity/identity.h"

/* Pure. INVALID_ARGUMENT for invalid ids and for contradictory sets of capabilities. */
gboolean quilt_credentials_check (const QuiltSpec *spec, GError **error);

/* Child-safe; no way back. Of what is permitted only the capabilities in keep stay, for a process
 * of ours that executes nothing; for_good: in the bounding set too. 0 or -errno. */
int quilt_credentials_keep (guint64 keep);
int quilt_credentials_keep_for_good (guint64 keep);

/* Child-safe; no way back: takes these out of what is permitted. 0 or -errno. */
int quilt_credentials_drop (guint64 capabilities);

/* Child-safe; no way back: makes the bounding set that of caps, and leaves permitted only what is
 * in the sets of caps or in keep. 0 or -errno. */
int quilt_credentials_lower (const QuiltCapabilities *caps, guint64 keep);

/* Whether it keeps the supplementary groups of its starter. */
gboolean quilt_credentials_keep_groups (const QuiltSpec *spec);

/* Child-safe; no way back. The inheritable and ambient sets are exactly those asked for; of what we
 * have, keep stays permitted too, until execve(2) takes it. 0 or -errno; *ret_detail is then a
 * static string naming the capability that we don't have to give, or
 * "".
 */
int quilt_credentials_apply (const QuiltSpec *spec,
                             const QuiltIdentity *identity,
                             guint64 keep,
                             const char **ret_detail);
