/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The procfs of a pid namespace that is another container's. */
#pragma once

#include "core/mounts/plan.h"

/* A new procfs that shows the pid namespace, attached nowhere; op has its options. The caller has
 * CAP_SYS_ADMIN over that namespace, and stays outside of it. 0 or -errno; detail (of size bytes)
 * gets what the file system said, if anything. */
int
quilt_procfs_new (const QuiltMountOp *op, int namespace_fd, char *detail, gsize size, int *ret_fd);
