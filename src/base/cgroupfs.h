/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the unified cgroup hierarchy is, and who is where in it: cgroups(7). */
#pragma once

#include <glib.h>

/* Where /proc/PID/cgroup says that the process is in the unified hierarchy: the path after "0::".
 * NULL if there is none. Pure. Owned by the caller. */
char *quilt_cgroupfs_parse_self (const char *text);
/* The mount point of the cgroup2 that shows its whole tree, from a text like /proc/self/mountinfo;
 * NULL if there is none. Pure. Owned by the caller. */
char *quilt_cgroupfs_parse_mountinfo (const char *text);

/* The root of the cgroup2 file system, as a directory (O_PATH); -1 if there is none. */
int quilt_cgroupfs_open_root (void);
