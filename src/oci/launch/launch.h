/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds a container from a bundle, up to the point where its init waits, for `create` and
 * `run`. */
#pragma once

#include "oci/state/bundle.h"
#include "oci/state/container.h"
#include "runtime/payload.h"

/* The options that both verbs have. */
typedef struct {
  char *bundle;
  char *config; /* NULL: config.json in the bundle */
  char *pid_file;
  char *console_socket;
  int preserve_fds;
  gboolean no_pivot;
  gboolean no_new_keyring;
} QuiltOciLaunchOptions;

#define QUILT_OCI_LAUNCH_ENTRIES(options)                                                            \
  {"bundle", 'b', 0, G_OPTION_ARG_FILENAME, &(options)->bundle, "Bundle (by default .)", "DIR"},     \
      {"config",                                                                                     \
       'f',                                                                                          \
       0,                                                                                            \
       G_OPTION_ARG_FILENAME,                                                                        \
       &(options)->config,                                                                           \
       "Use this instead of config.json",                                                            \
       "FILE"},                                                                                      \
      {"console-socket",                                                                             \
       0,                                                                                            \
       0,                                                                                            \
       G_OPTION_ARG_FILENAME,                                                                        \
       &(options)->console_socket,                                                                   \
       "Send the terminal to this socket",                                                           \
       "SOCKET"},                                                                                    \
      {"pid-file", 0, 0, G_OPTION_ARG_FILENAME, &(options)->pid_file, "Write the pid to this file",  \
       "FILE"},                                                                                      \
      {"preserve-fds",                                                                               \
       0,                                                                                            \
       0,                                                                                            \
       G_OPTION_ARG_INT,                                                                             \
       &(options)->preserve_fds,                                                                     \
       "Pass descriptors from 3 on",                                                                 \
       "N"},                                                                                         \
      {"no-pivot", 0, 0, G_OPTION_ARG_NONE, &(options)->no_pivot, "Move the root; for an initramfs", \
       NULL},                                                                                        \
  {                                                                                                  \
    "no-new-keyring", 0, 0, G_OPTION_ARG_NONE, &(options)->no_new_keyring,                           \
        "Keep the session keyring", NULL                                                             \
  }

typedef struct QuiltOciLaunch QuiltOciLaunch;

struct QuiltOciLaunch {
  QuiltOci *oci;
  QuiltOciLaunchOptions options;
  QuiltOciBundle bundle;
  QuiltOciContainer *container;
  int n_listen; /* number of descriptors of LISTEN_FDS, which come before those of preserve_fds */
  QuiltPayloadSetup setup;
  QuiltPayload payload; /* while it is set, ending the launch kills it */
  /* Called when the configuration is known and the container's directory exists. Sets setup.gate
   * and setup.console as needed. NULL: nothing to do. */
  gboolean (*prepare) (QuiltOciLaunch *launch, GError **error);
};

#define QUILT_OCI_LAUNCH_INIT                                                                      \
  {                                                                                                \
    .setup = QUILT_PAYLOAD_SETUP_NONE, .payload = QUILT_PAYLOAD_NONE                               \
  }

/* Makes the container's state and cgroup, and starts its init, which then has built the root and
 * waits for an answer. After a failure, quilt_oci_launch_clear() removes everything. */
gboolean quilt_oci_launch_begin (QuiltOciLaunch *launch, const char *id, GError **error);

/* Records the container as created, writes the pid file, and lets the init continue. */
gboolean quilt_oci_launch_continue (QuiltOciLaunch *launch, GError **error);

/* Releases the container, which continues without us. */
void quilt_oci_launch_release (QuiltOciLaunch *launch);

/* Kills a container that was not released, and removes all its traces. */
void quilt_oci_launch_clear (QuiltOciLaunch *launch);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltOciLaunch, quilt_oci_launch_clear)

/* Blocks all signals, as quilt_payload_start() requires. */
void quilt_oci_block_signals (void);
