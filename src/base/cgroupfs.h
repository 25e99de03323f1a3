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

/* Marks the cgroup of a container's scope with the container's ID. Anybody may give a scope a name
 * like Quilt's: only this mark says that its processes are Quilt's. An extended attribute, so that
 * it lasts exactly as long as the cgroup, whatever becomes of quiltd and of /run. */
gboolean quilt_cgroupfs_mark (int fd, const char *id, GError **error);
/* The ID; NULL with errno: ENODATA if the cgroup has no mark. Owned by the caller. */
char *quilt_cgroupfs_get_mark (int fd);

/* Whether errsv says that a cgroup, or a file of it, does not exist. After any other error it is
 * not known whether the cgroup exists, and has processes. */
gboolean quilt_cgroupfs_is_gone (int errsv);
/* Whether the cgroup, open as the directory fd, or a cgroup below it has a process: 1 or 0. 0 if it
 * is gone; -1 with errno if that is not known. */
int quilt_cgroupfs_is_populated (int fd);
