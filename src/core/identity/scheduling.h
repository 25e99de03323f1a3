/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scheduling of the container's processes: sched_setattr(2), ioprio_set(2). */
#pragma once

#include "spec/oci/oci.h"

#include <sys/types.h>

/* Applies the settings to the container's init, whose children inherit them. The parent calls it:
 * in its own user namespace, the init lacks the privilege. Error: FAILED. */
gboolean quilt_scheduling_apply (const QuiltProcess *process, pid_t pid, GError **error);
