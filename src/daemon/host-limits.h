/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether this host has what a container's limits name. */
#pragma once

#include "daemon/daemon.h"
#include "store/containers.h"

/* systemd ignores, with a line in its own log, what does not exist: so it is refused before.
 * INVALID_ARGUMENT naming the device, CPU or memory node that is not there. */
gboolean quilt_host_limits_check (const QuiltOptions *options, GError **error);

/* An entry in the log if limits of the container need cgroup controllers that are not there. */
void quilt_host_limits_warn (const QuiltDaemon *daemon, const QuiltContainerRecord *record);
