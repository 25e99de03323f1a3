/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting another process in a running container (exec). */
#pragma once

#include "runtime/payload.h"
#include "runtime/reports.h"

#include <poll.h>

/* Turns the container's configuration into that of the new process. The process joins the
 * namespaces of first, the container's first process; setup that was done once for the container is
 * left out. If the container has joined an existing mount namespace, *ret_root is a descriptor of
 * the container's root, for QuiltPayloadSetup; otherwise *ret_root is untouched. Errors: those of
 * quilt_ids_learn(), FAILED. */
gboolean quilt_guest_plan (QuiltSpec *spec, pid_t first, int *ret_root, GError **error);

/* Opens the current cgroup of first, for QuiltPayloadSetup. It may be below the container's own
 * cgroup, since a container can move its processes. Returns -1 on error. */
int quilt_guest_open_cgroup (pid_t first, GError **error);

/* A start in progress. The caller drives it, with quilt_guest_poll() and quilt_guest_advance(). */
typedef struct {
  const QuiltSpec *spec;
  int first_fd; /* pidfd of the container's first process; borrowed, as is spec */
  const QuiltListenerTaker *taker;
  QuiltPayload payload;
  QuiltReportsWait wait;
} QuiltGuest;

#define QUILT_GUEST_NONE                                                                           \
  {                                                                                                \
    .first_fd = -1, .payload = QUILT_PAYLOAD_NONE                                                  \
  }

/* Clones the process. first_fd is the pidfd of first; spec, first_fd and taker must stay until the
 * start is over. The requirements on the caller are those of quilt_payload_start(). If spec has
 * execCPUAffinity, the caller's own affinity changes too. */
gboolean quilt_guest_begin (QuiltGuest *guest,
                            const QuiltSpec *spec,
                            int first_fd,
                            const QuiltPayloadSetup *setup,
                            const QuiltListenerTaker *taker,
                            GError **error);

/* Returns what the start waits for; the fd is negative if the start is over. Has the type of a
 * QuiltSourcePoll. */
struct pollfd quilt_guest_poll (gconstpointer guest);

/* Takes all steps that are possible now, without waiting for a process of the container. Returns 1
 * if the command is executed as guest->payload, 0 if the start goes on, and -1 with an error if it
 * failed; clear the guest then. If first has ended, the namespaces may belong to another process:
 * INVALID_STATE. Other errors: those of the init's reports. */
int quilt_guest_advance (QuiltGuest *guest, GError **error);

/* Kills the process if it runs. */
void quilt_guest_clear (QuiltGuest *guest);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltGuest, quilt_guest_clear)

/* Starts the process, and returns when its command is executed. For callers that need no loop of
 * their own. Errors: those of quilt_guest_begin() and quilt_guest_advance(). */
gboolean quilt_guest_start (const QuiltSpec *spec,
                            int first_fd,
                            const QuiltPayloadSetup *setup,
                            const QuiltListenerTaker *taker,
                            QuiltPayload *ret_payload,
                            GError **error);
