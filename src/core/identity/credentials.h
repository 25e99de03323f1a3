/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The credentials of the container's processes: ids, groups, capabilities, no_new_privs. */
#pragma once

#include "core/identity/identity.h"

/* Pure. Returns INVALID_ARGUMENT for invalid ids and for contradictory sets of capabilities. */
gboolean quilt_credentials_check (const QuiltSpec *spec, GError **error);

/* Child-safe, irreversible. Reduces the permitted capabilities to those in keep, for a process of
 * ours that executes nothing. The second function reduces the bounding set too. Returns 0 or
 * -errno. */
int quilt_credentials_keep (guint64 keep);
int quilt_credentials_keep_for_good (guint64 keep);

/* Child-safe, irreversible. Removes these capabilities from the permitted set. Returns 0 or
 * -errno. */
int quilt_credentials_drop (guint64 capabilities);

/* Child-safe, irreversible. Sets the bounding set to that of caps, and reduces the permitted set to
 * the union of caps and keep. Returns 0 or -errno. */
int quilt_credentials_lower (const QuiltCapabilities *caps, guint64 keep);

/* Whether the container keeps the supplementary groups of the process that starts it. */
gboolean quilt_credentials_keep_groups (const QuiltSpec *spec);

/* Child-safe, irreversible. Sets the inheritable and ambient sets exactly as spec asks. The
 * capabilities in keep also stay permitted until execve(2) clears them. Returns 0 or -errno.
 * *ret_detail is then a static string: the name of a capability that we lack and so can't give, or
 * "". */
int quilt_credentials_apply (const QuiltSpec *spec,
                             const QuiltIdentity *identity,
                             guint64 keep,
                             const char **ret_detail);
