/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting another process in a running container (exec). */
#pragma once

#include "runtime/payload.h"
#include "runtime/reports.h"

/* Turns the container's configuration into that of the new process. The process joins the
 * namespaces of first, the container's first process; setup that was done once for the container is
 * left out. If the container has joined an existing mount namespace, *ret_root is a descriptor of
 * the container's root, for QuiltPayloadSetup; otherwise *ret_root is untouched. Errors: those of
 * quilt_ids_learn(), FAILED. */
gboolean quilt_guest_plan (QuiltSpec *spec, pid_t first, int *ret_root, GError **error);

/* Opens the current cgroup of first, for QuiltPayloadSetup. It may be below the container's own
 * cgroup, since a container can move its processes. Returns -1 on error. */
int quilt_guest_open_cgroup (pid_t first, GError **error);

/* Starts the process, and returns when its command is executed. first_fd is the pidfd of first. If
 * first has ended, the namespaces may belong to another process: INVALID_STATE. The requirements on
 * the caller are those of quilt_payload_start(). Errors: those of quilt_payload_start() and of the
 * init's reports. */
gboolean quilt_guest_start (const QuiltSpec *spec,
                            int first_fd,
                            const QuiltPayloadSetup *setup,
                            const QuiltListenerTaker *taker,
                            QuiltPayload *ret_payload,
                            GError **error);
