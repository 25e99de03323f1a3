/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting a container: the clone, and what its parent holds of it. */
#pragma once

#include "core/init/setup.h"
#include "core/program/report.h"
#include "spec/oci/oci.h"

#include <sys/types.h>

typedef struct {
  pid_t pid;
  int pid_fd;
  int channel; /* reports; see core/program/report.h. End of file: the command runs, or all is over
                */
} QuiltPayload;

#define QUILT_PAYLOAD_NONE                                                                         \
  {                                                                                                \
    0, -1, -1                                                                                      \
  }

/* Clones the container's init, which builds the root file system and reports READY; before that
 * MOUNTED, if hooks have to run in between. For a spec that is_guest nothing is built: it is one
 * process more in a container that is there. The caller has one thread, all signals blocked, and
 * open only descriptors that are close-on-exec. Until setup says otherwise the container dies with
 * the caller. Errors: of quilt_mounts_plan() and quilt_user_namespace_set_up(), INVALID_ARGUMENT,
 * FAILED. */
gboolean quilt_payload_start (const QuiltSpec *spec,
                              const QuiltPayloadSetup *setup,
                              QuiltPayload *ret_payload,
                              GError **error);

/* Once it has reported READY: a descriptor of its root, -1 on failure. As long as it is open the
 * root file system stays mounted, though nobody sees it: writing back what an overlay has in memory
 * can take longer than all of a short command, and is then not part of the container's end. */
int quilt_payload_open_root (const QuiltPayload *payload);

/* Gives the init, which waits for it, the word to go on. */
gboolean quilt_payload_continue (const QuiltPayload *payload);

/* After BORN: the init has ended, and the child of ours that the report brings a pidfd of goes on
 * in its place; it waits for the word to. FAILED. */
gboolean quilt_payload_take_over (QuiltPayload *payload,
                                  const QuiltSpec *spec,
                                  const QuiltReport *report,
                                  GError **error);

/* Kills it if it runs, reaps it, and closes all. */
void quilt_payload_clear (QuiltPayload *payload);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltPayload, quilt_payload_clear)
