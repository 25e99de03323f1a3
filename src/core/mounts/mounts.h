/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's mounts: planned as a list, then made on descriptors. */
#pragma once

#include "core/mounts/plan.h"
#include "spec/oci/oci.h"

#include <glib.h>

/* Whether it is a bind mount, and whether with what is mounted below its source. */
gboolean quilt_mount_is_bind (const QuiltMount *mount, gboolean *ret_recursive);

/* Pure. The plan borrows from spec. INVALID_ARGUMENT, NOT_SUPPORTED naming the mount's option. */
QuiltMountPlan *quilt_mounts_plan (const QuiltSpec *spec, GError **error);
void quilt_mount_plan_free (QuiltMountPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltMountPlan, quilt_mount_plan_free)

/* The rest is child-safe: it allocates nothing and returns 0 or -errno. detail (of size bytes) gets
 * what the file system itself said, if anything. */

/* Mounts the root on root_path, which place_fd is a descriptor of, and returns one of the root. */
int quilt_mounts_apply_root (const QuiltMountPlan *plan,
                             const char *root_path,
                             int place_fd,
                             char *detail,
                             gsize size,
                             int *ret_root_fd);

/* Makes the operations that are late (or not); every target is resolved inside root_fd, and below
 * /proc, /sys and /dev without following any link. On failure *ret_failed is the one that failed.
 */
int quilt_mounts_apply (const QuiltMountPlan *plan,
                        int root_fd,
                        gboolean late,
                        char *detail,
                        gsize size,
                        const QuiltMountOp **ret_failed);

/* Puts a mount that is attached nowhere on target, which is made if it is not there, as a file: the
 * rules for targets are those of quilt_mounts_apply(). */
int quilt_mounts_put (int root_fd, const char *target, int tree_fd);

/* Makes what is missing of a directory. */
int quilt_mounts_make_directory (int root_fd, const char *path);
