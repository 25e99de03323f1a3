/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of a cgroup: its mark, whether it contains processes, freezing, and killing. dir_fd is
 * a directory descriptor of the cgroup. */
#pragma once

#include <glib.h>

/* Marks the cgroup of a container's scope with the container's ID. Anybody may give a scope a name
 * like Quilt's; only this mark proves that its processes are Quilt's. The mark is an extended
 * attribute, so it lives exactly as long as the cgroup, whatever happens to quiltd or /run. */
gboolean quilt_cgroup_mark (int dir_fd, const char *id, GError **error);
/* Returns the ID in the mark, or NULL with errno set: ENODATA if the cgroup has no mark. Owned by
 * the caller. */
char *quilt_cgroup_get_mark (int dir_fd);

/* Returns the inode number of the directory, or 0 if it is unknown. No two cgroups of one boot have
 * the same number, so it tells a cgroup from a later one at the same path. */
guint64 quilt_cgroup_get_inode (int dir_fd);

/* Returns 1 if the cgroup or a cgroup below it contains a process other than a zombie. Returns 0 if
 * not, or if the cgroup is gone. Returns -1 with errno set if that is unknown. */
int quilt_cgroup_is_populated (int dir_fd);
/* Opens cgroup.events. poll(2) reports POLLPRI on it when its content has changed. Returns -1 with
 * errno set. */
int quilt_cgroup_open_events (int dir_fd);
/* As quilt_cgroup_is_populated(), given the open cgroup.events. */
int quilt_cgroup_events_populated (int events_fd);

/* Waits until a key of cgroup.events ("populated", "frozen") has the value, or the cgroup is gone.
 * Returns FALSE with errno set: ETIMEDOUT after timeout_ms. */
gboolean quilt_cgroup_wait (int dir_fd, const char *key, guint64 value, guint timeout_ms);

/* Asks the kernel to freeze or thaw the cgroup. Returns FALSE with errno set. */
gboolean quilt_cgroup_freeze (int dir_fd, gboolean freeze);
/* Whether all processes of the cgroup are frozen, by it or by a cgroup above it. */
gboolean quilt_cgroup_is_frozen (int dir_fd);

/* Kills all processes, including those that fork meanwhile (cgroup.kill of Linux 5.14). Returns
 * TRUE if the cgroup is gone. Returns FALSE with errno set. */
gboolean quilt_cgroup_kill (int dir_fd);

/* The number of processes that the kernel's OOM killer has killed in the cgroup; 0 if it is not
 * counted. */
guint64 quilt_cgroup_oom_kills (int dir_fd);
