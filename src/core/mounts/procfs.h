/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes the procfs of another container's pid namespace. */
#pragma once

#include "core/mounts/plan.h"

/* Makes an unattached procfs that shows the pid namespace; op has its options. The caller must have
 * CAP_SYS_ADMIN over that namespace, and stays outside of it. Returns 0 or -errno; detail (of size
 * bytes) gets the message of the file system, if there is one. */
int
quilt_procfs_new (const QuiltMountOp *op, int namespace_fd, char *detail, gsize size, int *ret_fd);
