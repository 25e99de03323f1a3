/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the unified cgroup hierarchy is mounted, and where a process is in it: cgroups(7). */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Where a text like /proc/PID/cgroup says that the process is in the unified hierarchy: the path
 * after "0::". NULL if the text has no such line. Pure. Owned by the caller. */
char *quilt_cgroup_parse_self (const char *text);
/* The mount point of the cgroup2 that shows its whole tree, from a text like /proc/self/mountinfo;
 * NULL if there is none. Pure. Owned by the caller. */
char *quilt_cgroup_parse_mountinfo (const char *text);

/* The cgroup of a process, 0 for ourselves, as a path in the tree: "/", "/system.slice/a.service".
 * NULL with errno; errno is ENODATA if the process is in cgroups of version 1 only. Owned by the
 * caller. */
char *quilt_cgroup_of (pid_t pid);

/* Where systemd mounts the tree on this host: "/sys/fs/cgroup", or "/sys/fs/cgroup/unified". */
const char *quilt_cgroup_mount (void);
/* The root of the tree, as a directory (O_PATH); -1 if this host has no cgroup2 file system. */
int quilt_cgroup_open_root (void);
/* A cgroup, by a path as quilt_cgroup_of() returns it, as a directory that can be read; -1 with
 * errno. */
int quilt_cgroup_open (const char *path);
