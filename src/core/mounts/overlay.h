/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root overlay of a container in a user namespace, of layers that the supervisor has opened. */
#pragma once

#include "core/mounts/plan.h"

/* Pure. Takes the directories out of the settings of the plan's root, an overlay that is about to
 * be mounted in a user namespace. INVALID_ARGUMENT naming the setting. */
gboolean quilt_overlay_plan (QuiltMountPlan *plan, GError **error);
void quilt_overlay_clear (QuiltMountOverlay *overlay);

/* Child-safe: mounts it on place_fd and closes the layers' descriptors. 0 or -errno. */
int quilt_overlay_apply (
    const QuiltMountPlan *plan, int place_fd, char *detail, gsize size, int *ret_root_fd);
