/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inputs of a container's init other than the configuration. */
#pragma once

#include "core/mounts/provided.h"

#include <glib.h>

/* Entries of an environment that the init sets once it knows the user. NULL: the variable is
 * already set, or not wanted. */
typedef struct {
  char **home, **user, **logname, **shell;
} QuiltUserEnv;

/* The caller keeps ownership of all descriptors. -1 means that there is no such descriptor, and
 * nothing else. */
typedef struct {
  /* the command's 0, 1 and 2; -1: /dev/null. The command's user becomes the owner of pipes, but not
   * of 0 if that is shared */
  int stdio[3];
  gboolean shares_stdin; /* programs outside the container use the pipe too */
  /* a Unix socket that receives the terminal's master, with the master's path as the message;
   * needed if process.terminal is set */
  int console;
  gboolean console_pair; /* the socket gets the terminal's other end too, after the master */
  /* a listening SOCK_SEQPACKET socket. When everything but the command is done, the init reports
   * CREATED. After the answer it closes its channel and waits here for a connection with a message,
   * which becomes its channel */
  int gate;
  /* for another process in a container: the container's root, if it differs from the root of the
   * mount namespace */
  int root;
  /* files of the host that the process gets. A new container needs a mount for them */
  QuiltProvided provided;
  int cgroup; /* the cgroup2 directory in which the init is cloned */

  /* Files with the container's state, which its hooks read. The caller fills them before it answers
   * MOUNTED and READY. */
  int creating_state, created_state;
  char **hook_env; /* environment of hooks that have none of their own */
  /* The caller runs hooks, and hooks.startContainer are hooks that the init runs. Otherwise
   * hooks.startContainer are setup steps, and other hooks are refused. */
  gboolean has_hooks;

  /* number of descriptors from 3 on that the command inherits; not close-on-exec */
  guint n_preserved;
  gboolean listens;  /* these include sockets, so the command gets LISTEN_PID: sd_listen_fds(3) */
  gboolean outlives; /* the init continues when the caller ends */
  gboolean keeps_keyring;
  gboolean no_pivot;  /* pivot_root(2) is impossible, as in an initramfs */
  gboolean makes_cwd; /* create the working directory if it is missing */
} QuiltPayloadSetup;

#define QUILT_PAYLOAD_SETUP_NONE                                                                   \
  {                                                                                                \
    .stdio = {-1, -1, -1}, .console = -1, .gate = -1, .root = -1,                                  \
    .provided = {.busybox = -1, .certificates = -1}, .cgroup = -1, .creating_state = -1,           \
    .created_state = -1,                                                                           \
  }
