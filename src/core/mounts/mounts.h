/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans the container's mounts as a list; core/mounts/apply.h makes them. */
#pragma once

#include "core/mounts/plan.h"
#include "spec/oci/oci.h"

#include <glib.h>

/* Whether it is a bind mount. *ret_recursive: it includes the mounts below its source. */
gboolean quilt_mount_is_bind (const QuiltMount *mount, gboolean *ret_recursive);

/* Pure. The plan borrows from spec, so spec must live longer. Errors: INVALID_ARGUMENT, and
 * NOT_SUPPORTED, which names the mount's option. */
QuiltMountPlan *quilt_mounts_plan (const QuiltSpec *spec, GError **error);
void quilt_mount_plan_free (QuiltMountPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltMountPlan, quilt_mount_plan_free)
