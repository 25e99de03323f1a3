/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lock of a container's files: while the container does not run, a quilt-copy may mount them.
 * overlayfs is undefined if two mounts have the same upper directory. The lock belongs to the
 * descriptor, which quilt-copy holds until it ends, also if quiltd ends before. So a later quiltd
 * sees it too. */
#pragma once

#include "daemon/containers/container.h"

/* Returns a descriptor that holds the lock until all of its copies are closed. Returns -1 with BUSY
 * if another process has it, or another error. */
int quilt_container_lock_files (const QuiltContainer *self, GError **error);

/* Whether another process holds the lock. */
gboolean quilt_container_files_are_locked (const QuiltContainer *self);
