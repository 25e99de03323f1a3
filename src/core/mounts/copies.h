/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mount option QUILT_MOUNT_COPY: the container gets a copy of a file, in a file system in
 * memory. */
#pragma once

#include "core/mounts/plan.h"

/* Replaces each file to copy in the plan's trees by an unattached mount of its copy. The file
 * system that holds the copies is attached on the directory place_fd, and the container's root
 * later covers it. Child-safe. Returns 0 or -errno; *ret_failed is then the mount that failed. */
int quilt_copies_make (const QuiltMountPlan *plan, int place_fd, const QuiltMountOp **ret_failed);
