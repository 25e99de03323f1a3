/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mount point of the unified cgroup hierarchy, and the place of a process in it: cgroups(7). */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The path after "0::" in a text like /proc/PID/cgroup: the process's cgroup in the unified
 * hierarchy. Returns NULL if the text has no such line. Pure. Owned by the caller. */
char *quilt_cgroup_parse_self (const char *text);
/* The mount point of the cgroup2 file system that shows the whole tree, from a text like
 * /proc/self/mountinfo. Returns NULL if there is no such mount. Pure. Owned by the caller. */
char *quilt_cgroup_parse_mountinfo (const char *text);

/* The cgroup of a process (0: ourselves) as a path in the tree: "/", "/system.slice/a.service".
 * Returns NULL with errno set: ENODATA if the process is only in cgroups of version 1. Owned by the
 * caller. */
char *quilt_cgroup_of (pid_t pid);

/* The directory where systemd mounts the tree on this host: "/sys/fs/cgroup" or
 * "/sys/fs/cgroup/unified". */
const char *quilt_cgroup_mount (void);
/* Opens the root of the tree (O_PATH). Returns -1 if this host has no cgroup2 file system. */
int quilt_cgroup_open_root (void);
/* Opens a cgroup's directory for reading. path is as quilt_cgroup_of() returns it. Returns -1 with
 * errno set. */
int quilt_cgroup_open (const char *path);
/* As quilt_cgroup_open(), for the cgroup of a process (0: ourselves). Returns -1 with errno set. */
int quilt_cgroup_open_of (pid_t pid);
