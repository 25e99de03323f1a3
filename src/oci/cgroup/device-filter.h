/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decides which devices the processes of a cgroup may use, by a BPF program of the type
 * BPF_PROG_TYPE_CGROUP_DEVICE: cgroup version 2 has no files for that. */
#pragma once

#include "spec/oci/oci.h"

/* The rules of a container, a GArray of QuiltOciDeviceRule: first those of linux.resources, then
 * those for the devices of every container (config-linux.md, "Default Devices") and for
 * linux.devices. The last matching rule decides, so linux.resources can't deny these devices. NULL
 * if linux.resources has no rules. */
GArray *quilt_oci_device_rules (const QuiltSpec *spec, const QuiltOciResources *resources);

/* Whether the rules deny nothing, like those of a privileged container. */
gboolean quilt_oci_device_rules_allow_all (const GArray *rules);

/* The program for the rules, a GArray of struct bpf_insn. Pure. For each of reading, writing and
 * making a node, the last rule that matches decides. If no rule matches, the program denies. */
GArray *quilt_oci_device_program (const GArray *rules);

/* Attaches the filter to the cgroup, if one is needed. Replaces the filter of an earlier call
 * atomically. In a user namespace the kernel may refuse this (EPERM). If rootless, that is not
 * an error: the user namespace limits the devices, as with other runtimes. */
gboolean quilt_oci_device_filter_attach (int cgroup_fd,
                                         const GArray *rules,
                                         gboolean rootless,
                                         GError **error);
