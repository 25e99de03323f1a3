/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroup of a container that quilt-oci runs: made by itself below the cgroup2 file system
 * (cgroupfs), or by systemd as a transient scope. */
#pragma once

#include "oci/cgroup/place.h"
#include "spec/oci/oci.h"

#include <sys/types.h>

/* The parent of those that have no linux.cgroupsPath. It goes with the last of them. */
#define QUILT_OCI_CGROUP_HOME "/quilt-oci"

void quilt_oci_cgroup_clear (QuiltOciCgroup *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltOciCgroup, quilt_oci_cgroup_clear)

/* Resolves the names and makes nothing. cgroups_path is linux.cgroupsPath, or NULL: for cgroupfs a
 * path from the root of the tree, whether it begins with '/' or not; for systemd
 * "SLICE:PREFIX:NAME", where SLICE may be empty (system.slice, rootless user.slice) and so may
 * PREFIX. INVALID_ARGUMENT. */
gboolean quilt_oci_cgroup_plan (const char *cgroups_path,
                                const char *id,
                                gboolean systemd,
                                gboolean rootless,
                                QuiltOciCgroup *ret_cgroup,
                                GError **error);

/* cgroupfs: makes the directory with the available controllers, writes the limits, attaches the
 * filter of devices, and leaves dir_fd open, for CLONE_INTO_CGROUP. resources may be NULL.
 * INVALID_STATE if the cgroup already contains processes. Rootless and without the right to make
 * it, a container that asks for no limit has no cgroup of its own: path is then NULL, dir_fd -1. On
 * failure, removes everything that it made. */
gboolean quilt_oci_cgroup_create (QuiltOciCgroup *self, const QuiltSpec *spec, GError **error);

/* systemd: says that quilt_oci_cgroup_adopt() is to come, which can be done while systemd does not
 * answer yet. */
gboolean quilt_oci_cgroup_announce (QuiltOciCgroup *self, GError **error);

/* systemd: makes the scope with the process in it and all limits, waits for it, and then does what
 * quilt_oci_cgroup_create() does with its cgroup. The process must wait meanwhile: it has to make
 * its cgroup namespace after it. On failure it has been killed, and nothing is left. */
gboolean quilt_oci_cgroup_adopt (
    QuiltOciCgroup *self, const char *id, pid_t pid, const QuiltSpec *spec, GError **error);

/* Finds the cgroup of a container whose create was killed before it recorded the inode. pid is the
 * container's init, which dies with create; 0: it has ended or is not known. The scope of the
 * recorded name, or the directory of the recorded path, is the container's if the init is in it, or
 * if no process is in it after a while; a scope must have the container's description too.
 * Otherwise the container has no cgroup, and path is NULL. An error: that is not known now. */
gboolean quilt_oci_cgroup_find (QuiltOciCgroup *self, const char *id, pid_t pid, GError **error);

/* Nothing else is wanted of it for a while. */
void quilt_oci_cgroup_rest (QuiltOciCgroup *self);

/* Opens dir_fd if it is not open. NOT_FOUND if the cgroup does not exist, or if that path has
 * another cgroup by now. */
gboolean quilt_oci_cgroup_open (QuiltOciCgroup *self, GError **error);
/* Likewise, but that it does not exist is no error. */
gboolean quilt_oci_cgroup_try_open (QuiltOciCgroup *self, gboolean *ret_exists, GError **error);

/* Puts resources in force: an update, merged with (a copy of) what was in force before. On failure
 * some of them may be. */
gboolean quilt_oci_cgroup_update (QuiltOciCgroup *self,
                                  const QuiltSpec *spec,
                                  const QuiltOciResources *merged,
                                  GError **error);

/* Stops all processes, and returns when they stand still; or lets them go on. */
gboolean quilt_oci_cgroup_freeze (QuiltOciCgroup *self, GError **error);
gboolean quilt_oci_cgroup_thaw (QuiltOciCgroup *self, GError **error);
gboolean quilt_oci_cgroup_is_frozen (QuiltOciCgroup *self);

/* The processes in it and below it, a GArray of pid_t; an empty one if it is gone. */
GArray *quilt_oci_cgroup_processes (QuiltOciCgroup *self, GError **error);
/* Whether it has none, or is gone. An error: that is not known now. */
gboolean quilt_oci_cgroup_is_empty (QuiltOciCgroup *self, gboolean *ret_empty, GError **error);
/* INVALID_STATE if it already contains processes: they would be limited, frozen and killed with the
 * container. */
gboolean quilt_oci_cgroup_check_empty (QuiltOciCgroup *self, GError **error);

/* Waits a while for the last process to end, and then says as quilt_oci_cgroup_is_empty() does. */
gboolean quilt_oci_cgroup_wait_empty (QuiltOciCgroup *self, gboolean *ret_empty, GError **error);

/* Sends the signal to each of them; SIGKILL also to what is just being forked, and to the frozen.
 * No error if it is gone. */
gboolean quilt_oci_cgroup_kill_all (QuiltOciCgroup *self, int signal, GError **error);

/* Removes it and what the container made below, when nobody is left in it; waits a while for that.
 * BUSY if somebody stays. No error if it is gone. A scope without a path, or with a later cgroup
 * there, is not known to be the container's: it stays. */
gboolean quilt_oci_cgroup_remove (QuiltOciCgroup *self, GError **error);
