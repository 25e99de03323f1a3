/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of a cgroup and of all cgroups below it. dir_fd is a directory descriptor of the
 * cgroup. */
#pragma once

#include <glib.h>

/* Appends the pids to a GArray of pid_t. Appends nothing if the cgroup is gone. Returns FALSE with
 * errno set. */
gboolean quilt_cgroup_list_processes (int dir_fd, GArray *processes);

/* Sends the signal to each process that is there now. Returns FALSE with errno set. */
gboolean quilt_cgroup_signal_each (int dir_fd, int signal);

/* Kills all processes, also those that are being forked or are frozen. Like quilt_cgroup_kill(),
 * and before Linux 5.14 too; there it may wait 10 s until they are frozen. Returns FALSE with errno
 * set. */
gboolean quilt_cgroup_kill_each (int dir_fd);

/* Removes the cgroup dir_fd, whose path from root_fd is path ("/a/b"), and the cgroups below it.
 * Returns TRUE if it is gone. Returns FALSE with errno set: EBUSY if one contains a process. */
gboolean quilt_cgroup_remove (int root_fd, const char *path, int dir_fd);
