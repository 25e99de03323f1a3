/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts that the supervisor makes for a container's init: in a user namespace, the init can't open
 * layers and bind mounts, make a /dev with nodes, or mount what shows another namespace. The
 * supervisor makes these trees, and the init attaches them. */
#pragma once

#include "core/mounts/plan.h"
#include "core/namespaces/join.h"
#include "spec/id-map.h"

/* Pure. Adds the trees to make to a plan. Without a user namespace, these are the bind mounts that
 * have their own id maps, are copied, or share propagation with the host, and the procfs of a
 * joined pid namespace. */
gboolean quilt_trees_plan (QuiltMountPlan *plan, const QuiltSpec *spec, GError **error);

/* Runs in the supervisor. Makes all trees of the plan, unattached, and sends them over channel; the
 * init need not read them meanwhile. user_fd is the container's user namespace, or -1. joins are
 * the namespaces that the container joins. NOT_SUPPORTED if a file system can't map ids. */
gboolean quilt_trees_send (const QuiltMountPlan *plan,
                           int user_fd,
                           const QuiltSpec *spec,
                           const QuiltJoins *joins,
                           int channel,
                           GError **error);

/* Runs in the init: waits for the trees. Child-safe. Returns 0 or -errno; -ECONNRESET means that
 * the supervisor is gone. */
int quilt_trees_receive (const QuiltMountPlan *plan, int channel);
