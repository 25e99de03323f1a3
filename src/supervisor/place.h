/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroup of the scope, and the two below it: "supervisor" and, for the container, "payload". */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Opens the cgroup that systemd made for the scope, in which this process is; -1 on error. */
int quilt_place_open (GError **error);

/* Marks it with the container's ID, and moves this process and the container's first process into
 * their own cgroups. */
gboolean quilt_place_divide (int scope_fd, const char *id, pid_t first, GError **error);

/* Lets the container's processes run again, if they were frozen. */
void quilt_place_thaw (int scope_fd);

/* Kills all of the container's processes. Returns the cgroup.events of their cgroup (see
 * quilt_cgroup_events_populated()); -1 with errno. */
int quilt_place_kill (int scope_fd);
