/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting a container: cloning its init, and what the parent keeps of it. */
#pragma once

#include "core/init/setup.h"
#include "core/program/report.h"
#include "spec/oci/oci.h"

#include <sys/types.h>

typedef struct {
  pid_t pid;
  int pid_fd;
  int channel; /* the init's reports; see core/program/report.h. End of file: the command is
                  executed, or the init has ended */
} QuiltPayload;

#define QUILT_PAYLOAD_NONE                                                                         \
  {                                                                                                \
    0, -1, -1                                                                                      \
  }

/* Clones the container's init, which builds the root file system and reports READY. If hooks have
 * to run before that, the init first reports MOUNTED. For a spec with is_guest the init builds
 * nothing: it becomes another process of an existing container. The caller must have one thread and
 * all signals blocked, and all its open descriptors must be close-on-exec. Unless setup->outlives
 * is set, the container ends with the caller. Errors: those of quilt_mounts_plan() and
 * quilt_user_namespace_set_up(), INVALID_ARGUMENT, FAILED. */
gboolean quilt_payload_start (const QuiltSpec *spec,
                              const QuiltPayloadSetup *setup,
                              QuiltPayload *ret_payload,
                              GError **error);

/* Opens a descriptor after READY that keeps the container's mounts until it is closed; returns -1
 * on failure. The kernel takes the mounts of a process apart before it reports the end of the
 * process, which may take longer than a short command. With this descriptor, it reports the end at
 * once. If the container has a volume, only its root stays mounted, so that the file system of the
 * volume is free as soon as the container has ended. */
int quilt_payload_hold_mounts (const QuiltPayload *payload, const QuiltSpec *spec);

/* Tells the waiting init to continue. */
gboolean quilt_payload_continue (const QuiltPayload *payload);

/* Handles the report BORN. The init has ended, and its child, which is our child too, continues in
 * its place. The report carries the pidfd of that child, which waits for quilt_payload_continue().
 * Error: FAILED. */
gboolean quilt_payload_take_over (QuiltPayload *payload,
                                  const QuiltSpec *spec,
                                  const QuiltReport *report,
                                  GError **error);

/* Kills the init if it still runs, reaps it, and closes the descriptors. */
void quilt_payload_clear (QuiltPayload *payload);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltPayload, quilt_payload_clear)
