/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Socket activation: passes descriptors that systemd gives a service on to its container
 * (sd_listen_fds(3)). */
#pragma once

#include "oci/state/oci.h"
#include "spec/oci/oci.h"

/* The number of descriptors from 3 on that LISTEN_FDS announces; 0 with a warning if they are not
 * open. As in other runtimes, LISTEN_PID is ignored: it may name an engine between systemd and
 * quilt-oci. */
int quilt_oci_activation_count (const QuiltOci *oci);

/* Sets the variables for n descriptors in the command's environment. The init sets LISTEN_PID. */
void quilt_oci_activation_set_env (QuiltProcess *process, int n);
