/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setting up a container's user namespace: the supervisor writes its maps, and the init becomes its
 * root. */
#pragma once

#include "core/mounts/mounts.h"
#include "core/namespaces/join.h"

#include <sys/types.h>

/* In the supervisor, after pid was cloned into a new user namespace: writes the namespace's maps
 * and the oom_score_adj, which the init can't write, and sends the trees of its mounts over
 * channel. Without a user namespace, only sends the trees, if there are any. Errors: those of
 * quilt_trees_send(), FAILED. */
gboolean quilt_user_namespace_set_up (const QuiltSpec *spec,
                                      const QuiltMountPlan *mounts,
                                      const QuiltJoins *joins,
                                      pid_t pid,
                                      int channel,
                                      GError **error);

/* In the init, after the supervisor has set up the namespace. The init becomes root of the
 * namespace with all capabilities in it, and is unprivileged on the host from then on. Child-safe.
 * Returns 0 or -errno. */
int quilt_user_namespace_become_root (gboolean keep_groups);
