/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that a container has copies of, in a file system in memory: the mount option
 * QUILT_MOUNT_COPY. */
#pragma once

#include "core/mounts/plan.h"

/* In the plan's trees, replaces each file that is to be copied by a mount of its copy, attached
 * nowhere. The file system of all copies is attached on the directory place_fd, which the root
 * covers after that. Child-safe. 0 or -errno; *ret_failed is then the mount that failed. */
int quilt_copies_make (const QuiltMountPlan *plan, int place_fd, const QuiltMountOp **ret_failed);
