/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making cgroups, and moving processes into them. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Makes the cgroup at path ("/a/b", from root_fd) with all available controllers, and opens its
 * directory. On failure returns -1 with errno set, and makes nothing. */
int quilt_cgroup_make (int root_fd, const char *path);

/* Makes the cgroup `name` below dir_fd if needed, and moves the process pid (0: ourselves) into
 * it. */
gboolean quilt_cgroup_enter (int dir_fd, const char *name, pid_t pid, GError **error);

/* As quilt_cgroup_enter(), if that cgroup exists. Allocates nothing. FALSE with errno set. */
gboolean quilt_cgroup_move (int dir_fd, const char *name, pid_t pid);

/* Whether a controller ("memory") is available in the cgroup, so that its files can exist. */
gboolean quilt_cgroup_has_controller (int dir_fd, const char *controller);
