/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making cgroups, and moving processes into them. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Makes the cgroup at path ("/a/b", from root_fd) with all controllers that it can have, and opens
 * its directory. -1 with errno, and nothing made. */
int quilt_cgroup_make (int root_fd, const char *path);

/* Makes the cgroup name below dir_fd if needed and moves the process pid (0: ourselves) there. */
gboolean quilt_cgroup_enter (int dir_fd, const char *name, pid_t pid, GError **error);

/* Whether the cgroup has a controller ("memory"): whether files of that controller can be there. */
gboolean quilt_cgroup_has_controller (int dir_fd, const char *controller);
