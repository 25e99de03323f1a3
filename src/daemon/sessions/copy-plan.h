/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans the mounts of a container that does not run, for quilt-copy. */
#pragma once

#include "daemon/containers/container.h"

/* Returns a memory file with an OCI configuration of the container's mounts and ids, in namespaces
 * of its own, which executes nothing. Returns -1 on error: those of a start. */
int quilt_copy_plan (const QuiltContainer *container, GError **error);
