/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's part of the cgroup hierarchy (version 2): below the scope that systemd made. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The cgroup that this process is in, as a directory; -1 on error. */
int quilt_cgroup_open_self (GError **error);

/* Makes the cgroup name below scope_fd if needed and moves the process pid (0: ourselves) there. */
gboolean quilt_cgroup_enter (int scope_fd, const char *name, pid_t pid, GError **error);

/* How many processes the kernel killed in it for want of memory; 0 too where that is not counted.
 */
guint64 quilt_cgroup_oom_kills (int scope_fd);

/* Lets the processes of cgroup name below scope_fd run again, if it was frozen. */
void quilt_cgroup_thaw (int scope_fd, const char *name);

/* Kills all in cgroup name below scope_fd, also what is being forked (cgroup.kill of Linux 5.14).
 * Returns its cgroup.events, on which POLLPRI says that something has changed; -1 with errno. */
int quilt_cgroup_kill (int scope_fd, const char *name);
/* Whether there are processes, zombies aside, in the cgroup whose cgroup.events this is. */
gboolean quilt_cgroup_is_populated (int events_fd);
