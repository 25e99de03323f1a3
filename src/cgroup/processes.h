/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of a cgroup and of all cgroups below it. dir_fd is a directory descriptor of the
 * cgroup. */
#pragma once

#include <glib.h>

/* Appends the pids to a GArray of pid_t. Appends nothing if the cgroup is gone. Returns FALSE with
 * errno set. */
gboolean quilt_cgroup_list_processes (int dir_fd, GArray *processes);

/* Removes the cgroups below this one that contain no processes. */
void quilt_cgroup_remove_below (int dir_fd);
