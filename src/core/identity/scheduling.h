/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the container's processes are scheduled: sched_setattr(2), ioprio_set(2). */
#pragma once

#include "spec/oci/oci.h"

#include <sys/types.h>

/* Of the container's init, by its parent: in a user namespace of its own the init has no privilege
 * that the kernel asks for here. What it starts inherits both. FAILED. */
gboolean quilt_scheduling_apply (const QuiltProcess *process, pid_t pid, GError **error);
