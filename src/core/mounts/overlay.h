/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root overlay of a container in a user namespace. The supervisor has opened its layers. */
#pragma once

#include "core/mounts/plan.h"

/* Pure. Moves the directories from the settings of the plan's root, an overlay to be mounted in a
 * user namespace, to plan->overlay. INVALID_ARGUMENT names the setting. */
gboolean quilt_overlay_plan (QuiltMountPlan *plan, GError **error);
void quilt_overlay_clear (QuiltMountOverlay *overlay);

/* Mounts the overlay on place_fd, and closes the layers' descriptors. Child-safe. Returns 0 or
 * -errno. */
int quilt_overlay_apply (
    const QuiltMountPlan *plan, int place_fd, char *detail, gsize size, int *ret_root_fd);
