/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's user namespace: its maps, written from outside, and its root, become inside. */
#pragma once

#include "core/mounts/mounts.h"
#include "core/namespaces/join.h"

#include <sys/types.h>

/* In the supervisor, once pid was cloned into a new user namespace: writes its maps, and what else
 * it can't do for itself any more (oom_score_adj), and sends the trees of its mounts over channel.
 * Without a user namespace only those, if there are any.
 * Errors: of quilt_trees_send(), FAILED. */
gboolean quilt_user_namespace_set_up (const QuiltSpec *spec,
                                      const QuiltMountPlan *mounts,
                                      const QuiltJoins *joins,
                                      pid_t pid,
                                      int channel,
                                      GError **error);

/* In the init, child-safe, after that: the init becomes root of the namespace, with all
 * capabilities there, and is unprivileged on the host from now on. 0 or -errno. */
int quilt_user_namespace_become_root (gboolean keep_groups);
