/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One process more in a container that runs: exec. */
#pragma once

#include "runtime/payload.h"
#include "runtime/reports.h"

/* Turns the container's configuration into that of the process: its namespaces are those of first,
 * the container's first process, and what was done once for the container is not done again. If the
 * container is in a mount namespace that was there before, *ret_root is a descriptor of the
 * container's root, for QuiltPayloadSetup; else it is left alone. Errors: of quilt_ids_learn(),
 * FAILED. */
gboolean quilt_guest_plan (QuiltSpec *spec, pid_t first, int *ret_root, GError **error);

/* The cgroup that first is in, as a directory for QuiltPayloadSetup: a container may have moved it,
 * below its own. -1 on error. */
int quilt_guest_open_cgroup (pid_t first, GError **error);

/* Starts the process, and waits until its command runs. first_fd is the pidfd of first: if that has
 * ended, the namespaces may have been another's (INVALID_STATE). The caller as for
 * quilt_payload_start(). Errors: of that, and of the reports. */
gboolean quilt_guest_start (const QuiltSpec *spec,
                            int first_fd,
                            const QuiltPayloadSetup *setup,
                            const QuiltListenerTaker *taker,
                            QuiltPayload *ret_payload,
                            GError **error);
