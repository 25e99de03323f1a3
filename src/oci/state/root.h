/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The caller's rights, and the directory of the containers' states. */
#pragma once

#include "oci/state/oci.h"

/* Of the host's root; of others it is "quilt-oci" in $XDG_RUNTIME_DIR. */
#define QUILT_OCI_ROOT "/run/quilt-oci"

/* Sets root, rootless, systemd_cgroup and no_cgroup by the options --root, --rootless (true, false,
 * auto) and --cgroup-manager (cgroupfs, systemd, disabled), each NULL where it was not given; and
 * --systemd-cgroup. Makes nothing. */
gboolean quilt_oci_root_init (QuiltOci *oci,
                              const char *root,
                              const char *rootless,
                              const char *manager,
                              gboolean systemd_cgroup,
                              GError **error);

/* Opens root_fd, making the directory where it is missing. */
gboolean quilt_oci_root_open (QuiltOci *oci, GError **error);

/* Whether we are in a user namespace where nobody may set groups (user_namespaces(7)): a container
 * that asks for none then keeps ours. */
gboolean quilt_oci_keeps_groups (const QuiltOci *oci);
