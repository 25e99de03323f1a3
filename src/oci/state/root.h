/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The caller's privileges, and the state directory. */
#pragma once

#include "oci/state/oci.h"

/* The state directory of the host's root. For other users it is "quilt-oci" in $XDG_RUNTIME_DIR. */
#define QUILT_OCI_ROOT "/run/quilt-oci"

/* Sets root, rootless, systemd_cgroup and no_cgroup from the options --root, --rootless (true,
 * false, auto), --cgroup-manager (cgroupfs, systemd, disabled), each NULL if not given, and
 * --systemd-cgroup. Makes no directory. */
gboolean quilt_oci_root_init (QuiltOci *oci,
                              const char *root,
                              const char *rootless,
                              const char *manager,
                              gboolean systemd_cgroup,
                              GError **error);

/* Opens root_fd. Makes the directory if it is missing. */
gboolean quilt_oci_root_open (QuiltOci *oci, GError **error);

/* Whether we are in a user namespace where setgroups(2) is forbidden (user_namespaces(7)). A
 * container that asks for no groups then keeps ours. */
gboolean quilt_oci_keeps_groups (const QuiltOci *oci);
