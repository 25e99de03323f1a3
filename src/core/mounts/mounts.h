/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's mounts: planned as a list, then made on descriptors. */
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

/* The functions below are child-safe: they allocate nothing and return 0 or -errno. detail (of size
 * bytes) gets the message of the file system itself, if there is one. */

/* Mounts the root on root_path, of which place_fd is a descriptor. *ret_root_fd is a descriptor of
 * the new root. */
int quilt_mounts_apply_root (const QuiltMountPlan *plan,
                             const char *root_path,
                             int place_fd,
                             char *detail,
                             gsize size,
                             int *ret_root_fd);

/* Makes the late mounts, or the others. Every target is resolved inside root_fd. Below /proc, /sys
 * and /dev no link is followed. On failure *ret_failed is the operation that failed. */
int quilt_mounts_apply (const QuiltMountPlan *plan,
                        int root_fd,
                        gboolean late,
                        char *detail,
                        gsize size,
                        const QuiltMountOp **ret_failed);

/* Attaches a mount on target. A missing target is made as a file. Targets are resolved as in
 * quilt_mounts_apply(). */
int quilt_mounts_put (int root_fd, const char *target, int tree_fd);

/* Makes the missing parts of a directory's path. */
int quilt_mounts_make_directory (int root_fd, const char *path);
