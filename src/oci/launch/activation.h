/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Socket activation: descriptors that systemd hands to a service are its container's
 * (sd_listen_fds(3)). */
#pragma once

#include "oci/state/oci.h"
#include "spec/oci/oci.h"

/* How many descriptors from 3 on LISTEN_FDS of our environment names; 0 with a warning if they are
 * not open. As other runtimes do, it does not ask whom LISTEN_PID names: an engine between systemd
 * and us may have another number. */
int quilt_oci_activation_count (const QuiltOci *oci);

/* Gives the container's command the variables for n of them. LISTEN_PID is its init's to fill. */
void quilt_oci_activation_set_env (QuiltProcess *process, int n);
