/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a container in a user namespace is built of, and only the host's root can open: layers, bind
 * mounts, a /dev with its nodes, what shows another's namespace. The supervisor makes them, the
 * container's init puts them in place.
 */
#pragma once

#include "core/mounts/plan.h"
#include "core/namespaces/join.h"
#include "spec/id-map.h"

/* Pure. Adds to a plan what the supervisor has to make: without a user namespace that is only bind
 * mounts that have ids of their own, or are peers or slaves of the host's. */
gboolean quilt_trees_plan (QuiltMountPlan *plan, const QuiltSpec *spec, GError **error);

/* In the supervisor: makes all of the plan's trees, attached nowhere, and sends them over channel,
 * which they need not be read from meanwhile. user_fd is the container's user namespace, -1 without
 * one, joins what it has joined. NOT_SUPPORTED where a file system can't map ids. */
gboolean quilt_trees_send (const QuiltMountPlan *plan,
                           int user_fd,
                           const QuiltSpec *spec,
                           const QuiltJoins *joins,
                           int channel,
                           GError **error);

/* In the init, child-safe: waits for them. 0, or -errno; -ECONNRESET: the supervisor is gone. */
int quilt_trees_receive (const QuiltMountPlan *plan, int channel);
