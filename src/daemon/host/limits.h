/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether this host has what a container's limits name. */
#pragma once

#include "daemon/host/defaults.h"
#include "store/containers.h"

/* systemd ignores, with a line in its own log, what does not exist: so it is refused before.
 * INVALID_ARGUMENT naming the device, CPU or memory node that is not there; NOT_SUPPORTED naming
 * the limits that need a cgroup controller that is not there, if options or defaults are strict.
 */
gboolean quilt_host_limits_check (const QuiltDefaults *defaults,
                                  const QuiltOptions *options,
                                  GError **error);

/* The limits that the user or quiltd.conf asked for and that need a cgroup controller that is not
 * there: "memory-max needs memory, cpu-quota needs cpu". Owned by the caller; NULL: all can be in
 * force. The built-in limit of processes does not count, since nobody asked for it, unless
 * quiltd.conf sets DefaultPidsMax=. */
char *quilt_host_limits_missing (const QuiltDefaults *defaults, const QuiltOptions *options);
/* The same of the limits that a container without limits of its own gets. */
char *quilt_host_limits_missing_defaults (const QuiltDefaults *defaults);

/* An entry in the log that says so. */
void quilt_host_limits_warn (const QuiltContainerRecord *record, const char *missing);
