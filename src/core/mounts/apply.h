/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes the mounts of a plan, in the cloned child. */
#pragma once

#include "core/mounts/plan.h"

#include <glib.h>

/* All functions are child-safe: they allocate nothing and return 0 or -errno. detail (of size
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
