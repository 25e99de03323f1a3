/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of a container's cgroup: freezes, lists and kills them, and removes the cgroup. All
 * functions open the cgroup if it is not open. */
#pragma once

#include "oci/cgroup/place.h"

#include <sys/types.h>

/* Freezes all processes, and returns when they have stopped. TIMED_OUT. */
gboolean quilt_oci_cgroup_freeze (QuiltOciCgroup *self, GError **error);
gboolean quilt_oci_cgroup_thaw (QuiltOciCgroup *self, GError **error);
gboolean quilt_oci_cgroup_is_frozen (QuiltOciCgroup *self);

/* The processes in the cgroup and in cgroups below it, a GArray of pid_t that the caller owns.
 * Empty if the cgroup does not exist. NULL on error. */
GArray *quilt_oci_cgroup_processes (QuiltOciCgroup *self, GError **error);

/* Sets *ret_empty to whether the cgroup has no processes, or does not exist. Returns FALSE if that
 * is unknown now. */
gboolean quilt_oci_cgroup_is_empty (QuiltOciCgroup *self, gboolean *ret_empty, GError **error);
/* As quilt_oci_cgroup_is_empty(), but waits up to 10 s for the last process to end. */
gboolean quilt_oci_cgroup_wait_empty (QuiltOciCgroup *self, gboolean *ret_empty, GError **error);
/* INVALID_STATE if the cgroup contains processes: they would be limited, frozen and killed with the
 * container. Leaves the cgroup open only if it was open before. */
gboolean quilt_oci_cgroup_check_empty (QuiltOciCgroup *self, GError **error);

/* Sends the signal to each process. SIGKILL also ends frozen processes, and children that are being
 * forked. Succeeds if the cgroup does not exist. */
gboolean quilt_oci_cgroup_kill_all (QuiltOciCgroup *self, int signal, GError **error);

/* Waits up to 10 s until no process is left. Then removes the cgroup, and the cgroups that the
 * container made below it. BUSY if a process is left. Succeeds if the cgroup does not exist. Keeps
 * a scope whose path is unknown, or whose path has another cgroup now: it may not be the
 * container's. */
gboolean quilt_oci_cgroup_remove (QuiltOciCgroup *self, GError **error);
