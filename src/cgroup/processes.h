/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of a cgroup and of all cgroups below it. dir_fd is the directory of the cgroup. */
#pragma once

#include <glib.h>

/* Adds them to a GArray of pid_t. Nothing if the cgroup is gone. FALSE with errno. */
gboolean quilt_cgroup_list_processes (int dir_fd, GArray *processes);

/* Removes the cgroups below it, as far as no process is in them. */
void quilt_cgroup_remove_below (int dir_fd);
