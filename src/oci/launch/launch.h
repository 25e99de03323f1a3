/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a bundle to a container whose init waits: what `create` and `run` have in common. */
#pragma once

#include "oci/state/bundle.h"
#include "oci/state/container.h"
#include "runtime/payload.h"

/* The options of both. */
typedef struct {
  char *bundle;
  char *config; /* NULL: config.json of the bundle */
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
  int n_listen; /* descriptors of LISTEN_FDS, before those of preserve_fds */
  QuiltPayloadSetup setup;
  QuiltPayload payload; /* while it is there, an end of this is its end */
  /* Called when the configuration is known and the container's directory there: sets setup.gate and
   * setup.console, as it needs them. NULL: nothing to do. */
  gboolean (*prepare) (QuiltOciLaunch *launch, GError **error);
};

#define QUILT_OCI_LAUNCH_INIT                                                                      \
  {                                                                                                \
    .setup = QUILT_PAYLOAD_SETUP_NONE, .payload = QUILT_PAYLOAD_NONE                               \
  }

/* Makes the container's state and its cgroup, and starts its init, which then has built all and
 * waits for a word. On failure quilt_oci_launch_clear() leaves nothing of it. */
gboolean quilt_oci_launch_begin (QuiltOciLaunch *launch, const char *id, GError **error);

/* Records it as created, writes the pid file, and gives that word. */
gboolean quilt_oci_launch_continue (QuiltOciLaunch *launch, GError **error);

/* It is no longer ours: it lives on. */
void quilt_oci_launch_release (QuiltOciLaunch *launch);

/* Ends what was not released, with all its traces. */
void quilt_oci_launch_clear (QuiltOciLaunch *launch);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltOciLaunch, quilt_oci_launch_clear)

/* Blocks all signals, as a clone wants it. */
void quilt_oci_block_signals (void);
