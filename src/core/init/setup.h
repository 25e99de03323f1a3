/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inputs of a container's init other than the configuration. */
#pragma once

#include <glib.h>

/* Descriptors stay the caller's. -1 means that there is no such descriptor, and nothing else. */
typedef struct {
  int stdio[3]; /* the command's 0, 1 and 2; -1: /dev/null. Pipes are given to its user */
  int console;  /* a Unix socket that gets the terminal's master, with its name as the message;
                 * needed if process.terminal is set */
  int gate;     /* a listening SOCK_SEQPACKET: once all but the command is done, the init reports
                 * CREATED, and after the word to go on it closes its channel and waits here. The
                 * connection that brings a word is its channel from then on */
  int root;     /* of a process more in a container: the container's, if that is not the root of its
                 * mount namespace */
  int cgroup;   /* a cgroup2 directory that it is born in */

  /* Files with the container's state, which its hooks read. The caller fills them before it answers
   * MOUNTED and READY. */
  int creating_state, created_state;
  char **hook_env; /* of hooks that have none of their own */
  /* The caller runs hooks, and hooks.startContainer are hooks that the init runs. Otherwise
   * hooks.startContainer are setup steps, and other hooks are refused. */
  gboolean has_hooks;

  guint n_preserved; /* descriptors from 3 on that are the command's too, not close-on-exec */
  gboolean listens;  /* sockets are among them: the command gets a LISTEN_PID, sd_listen_fds(3) */
  gboolean outlives; /* it goes on when the caller ends */
  gboolean keeps_keyring;
  gboolean no_pivot;  /* the root can't be pivoted: an initramfs */
  gboolean makes_cwd; /* if it is not there */
} QuiltPayloadSetup;

#define QUILT_PAYLOAD_SETUP_NONE                                                                   \
  {                                                                                                \
    .stdio = {-1, -1, -1}, .console = -1, .gate = -1, .root = -1, .cgroup = -1,                    \
    .creating_state = -1, .created_state = -1,                                                     \
  }
