/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes, finds and updates the cgroup of a container. Either quilt-oci makes it below the cgroup2
 * file system (cgroupfs), or systemd makes it as a transient scope. */
#pragma once

#include "oci/cgroup/place.h"
#include "spec/oci/oci.h"

#include <sys/types.h>

/* For cgroupfs. Makes the directory with the available controllers, writes the limits, and attaches
 * the device filter. Leaves dir_fd open, for CLONE_INTO_CGROUP. INVALID_STATE if the cgroup already
 * contains processes. If a rootless caller may not make the cgroup and spec has no limits, the
 * container has no cgroup of its own: path is then NULL, and dir_fd is -1. On failure, removes
 * everything that it made. */
gboolean quilt_oci_cgroup_create (QuiltOciCgroup *self, const QuiltSpec *spec, GError **error);

/* For systemd. Connects early, since systemd takes time to answer. quilt_oci_cgroup_adopt()
 * follows. Does nothing for cgroupfs. */
gboolean quilt_oci_cgroup_announce (QuiltOciCgroup *self, GError **error);

/* For systemd. Makes the scope with the process in it and all limits, and waits for it. Then does
 * to its cgroup what quilt_oci_cgroup_create() does. The process must wait meanwhile, since it has
 * to make its cgroup namespace afterwards. On failure, kills the process and removes the scope. */
gboolean quilt_oci_cgroup_adopt (
    QuiltOciCgroup *self, const char *id, pid_t pid, const QuiltSpec *spec, GError **error);

/* Finds the cgroup of a container whose `create` was killed before it recorded the inode. pid is
 * the container's init, which ends with `create`; 0: it has ended, or is unknown. The scope of the
 * recorded name, or the directory of the recorded path, belongs to the container if the init is in
 * it, or if no process is left in it after a while. A scope must also have the container's
 * description. Otherwise the container has no cgroup, and path is NULL. Returns FALSE if that is
 * unknown now. */
gboolean quilt_oci_cgroup_find (QuiltOciCgroup *self, const char *id, pid_t pid, GError **error);

/* Closes the connection to systemd, which is not needed for a while. */
void quilt_oci_cgroup_rest (QuiltOciCgroup *self);

/* Sets the limits of an update. merged is a copy of the limits in force before, with those of the
 * update. On failure, some of them may be in force. */
gboolean quilt_oci_cgroup_update (QuiltOciCgroup *self,
                                  const QuiltSpec *spec,
                                  const QuiltOciResources *merged,
                                  GError **error);
