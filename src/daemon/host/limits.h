/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks that this host has what a container's limits need. */
#pragma once

#include "daemon/host/defaults.h"
#include "store/containers.h"

/* systemd ignores what does not exist, with a message only in its own log. So quiltd refuses it
 * before. INVALID_ARGUMENT names a missing device, CPU or memory node. If options or defaults are
 * strict, NOT_SUPPORTED names the limits that need a missing cgroup controller. */
gboolean quilt_host_limits_check (const QuiltDefaults *defaults,
                                  const QuiltOptions *options,
                                  GError **error);

/* The limits that the user or quiltd.conf set, and that need a missing cgroup controller:
 * "memory-max needs memory, cpu-quota needs cpu". Owned by the caller; NULL if all can be enforced.
 * The built-in limit of processes counts only if quiltd.conf sets DefaultPidsMax=. */
char *quilt_host_limits_missing (const QuiltDefaults *defaults, const QuiltOptions *options);
/* As quilt_host_limits_missing(), for a container without limits of its own. */
char *quilt_host_limits_missing_defaults (const QuiltDefaults *defaults);

/* Logs that these limits can't be enforced. */
void quilt_host_limits_warn (const QuiltContainerRecord *record, const char *missing);
