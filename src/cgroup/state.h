/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of a cgroup: its mark, whether processes are in it, whether they run, and their end.
 * dir_fd is the directory of the cgroup. */
#pragma once

#include <glib.h>

/* Marks the cgroup of a container's scope with the container's ID. Anybody may give a scope a name
 * like Quilt's: only this mark says that its processes are Quilt's. An extended attribute, so that
 * it lasts exactly as long as the cgroup, whatever becomes of quiltd and of /run. */
gboolean quilt_cgroup_mark (int dir_fd, const char *id, GError **error);
/* The ID; NULL with errno: ENODATA if the cgroup has no mark. Owned by the caller. */
char *quilt_cgroup_get_mark (int dir_fd);

/* Whether the cgroup or a cgroup below it has a process, zombies aside: 1 or 0. 0 if it is gone; -1
 * with errno if that is not known. */
int quilt_cgroup_is_populated (int dir_fd);
/* Opens its cgroup.events, on which POLLPRI says that something has changed; -1 with errno. */
int quilt_cgroup_open_events (int dir_fd);
/* As quilt_cgroup_is_populated(), from that file. */
int quilt_cgroup_events_populated (int events_fd);

/* Waits until a key of cgroup.events ("populated", "frozen") has the value, or the cgroup is gone.
 * FALSE with errno: ETIMEDOUT after timeout_ms. */
gboolean quilt_cgroup_wait (int dir_fd, const char *key, guint64 value, guint timeout_ms);

/* Asks the kernel to stop the processes, or to let them run. FALSE with errno. */
gboolean quilt_cgroup_freeze (int dir_fd, gboolean freeze);
/* Whether no process of it runs: it or a cgroup above it was frozen. */
gboolean quilt_cgroup_is_frozen (int dir_fd);

/* Kills all processes, also those that are being forked (cgroup.kill of Linux 5.14). TRUE if the
 * cgroup is gone. FALSE with errno. */
gboolean quilt_cgroup_kill (int dir_fd);

/* How many processes the kernel killed in it for want of memory; 0 if that is not counted. */
guint64 quilt_cgroup_oom_kills (int dir_fd);
