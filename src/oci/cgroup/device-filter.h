/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which devices the processes of a cgroup may use: a BPF program of the kernel's type
 * BPF_PROG_TYPE_CGROUP_DEVICE, since version 2 has no files for it. */
#pragma once

#include "spec/oci/oci.h"

/* The rules that a container has: those of linux.resources, then, so that they can't take it away,
 * the devices that every container has (config-linux.md, "Default Devices") and those of
 * linux.devices. A GArray of QuiltOciDeviceRule; NULL if nobody asks for rules. */
GArray *quilt_oci_device_rules (const QuiltSpec *spec, const QuiltOciResources *resources);

/* Whether they deny nothing, as those of a privileged container. */
gboolean quilt_oci_device_rules_allow_all (const GArray *rules);

/* The program for rules, a GArray of struct bpf_insn. Pure. For each of reading, writing and making
 * a node the last rule that matches decides; where none does it is denied. */
GArray *quilt_oci_device_program (const GArray *rules);

/* Attaches the filter, if one is needed, to the cgroup, instead of the one that an earlier call
 * attached, at no moment without one. Where the kernel does not let us (EPERM: a user namespace), a
 * container has what its user namespace leaves it, as with other runtimes: no error if rootless. */
gboolean quilt_oci_device_filter_attach (int cgroup_fd,
                                         const GArray *rules,
                                         gboolean rootless,
                                         GError **error);
