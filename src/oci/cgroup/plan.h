/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Computes from linux.cgroupsPath where the cgroup of a container will be. */
#pragma once

#include "oci/cgroup/place.h"

void quilt_oci_cgroup_clear (QuiltOciCgroup *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltOciCgroup, quilt_oci_cgroup_clear)

/* Pure: makes no cgroup. cgroups_path is linux.cgroupsPath, or NULL. For cgroupfs it is a path from
 * the root of the tree, with or without '/' at its beginning. For systemd it is
 * "SLICE:PREFIX:NAME". SLICE may be empty (then it is system.slice, or user.slice if rootless), and
 * so may PREFIX. Error: INVALID_ARGUMENT. */
gboolean quilt_oci_cgroup_plan (const char *cgroups_path,
                                const char *id,
                                gboolean systemd,
                                gboolean rootless,
                                QuiltOciCgroup *ret_cgroup,
                                GError **error);
