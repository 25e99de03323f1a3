/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting a container: the clone, and what its parent holds of it. */
#pragma once

#include "core/report.h"
#include "spec/oci/oci.h"

#include <sys/types.h>

/* What the init gets of its caller beside the configuration. -1: no such descriptor; all stay the
 * caller's. */
typedef struct {
  int stdio[3]; /* the command's 0, 1 and 2; -1: /dev/null. Pipes are given to its user */
  int console;  /* a Unix socket that gets the terminal's master, with its name as the message;
                 * needed if process.terminal is set */
  int gate;     /* a listening SOCK_SEQPACKET: once all but the command is done, the init reports
                 * CREATED, and after the word to go on it closes its channel and waits here. The
                 * connection that brings a word is its channel from then on */
  /* Files with the container's state, to be read by its hooks, filled before MOUNTED and READY are
   * answered. Without the second, startContainer are setup steps. */
  int creating_state, created_state;
  int root;   /* of a process more in a container: the container's, if that is not the root of
               * its mount namespace */
  int cgroup; /* a cgroup2 directory that it is born in */
  guint n_preserved; /* descriptors from 3 on that are the command's too, not close-on-exec */
  gboolean listens;  /* sockets are among them: the command gets a LISTEN_PID, sd_listen_fds(3) */
  gboolean outlives; /* it goes on when the caller ends */
  gboolean keeps_keyring;
  gboolean no_pivot;  /* the root can't be pivoted: an initramfs */
  gboolean makes_cwd; /* if it is not there */
  char **hook_env;    /* of hooks that have none of their own */
} QuiltPayloadSetup;

#define QUILT_PAYLOAD_SETUP_NONE                                                                   \
  {                                                                                                \
    .stdio = {-1, -1, -1}, .console = -1, .gate = -1, .creating_state = -1, .created_state = -1,   \
    .root = -1, .cgroup = -1,                                                                      \
  }

typedef struct {
  pid_t pid;
  int pid_fd;
  int channel; /* reports; see core/report.h. End of file: the command runs, or all is over */
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
