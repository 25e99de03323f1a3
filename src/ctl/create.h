/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of run and create, and what they are on the bus. */
#pragma once

#include "ctl/ctl.h"

/* As typed, as bytes; NULL where not given. Points into argv or is owned. */
typedef struct {
  char *name;
  char **env;
  char *working_directory;
  char *hostname;
  char **labels;
  char *memory;
  char *cpus;
  char *pids_limit;
  char *stop_signal;
  char *stop_timeout;
  char **setup;
  char *setup_timeout;
  char *log_rate_limit;
  gboolean read_only;
  gboolean auto_remove;
  gboolean detach; /* run alone */
} QuiltCreateArgs;

void quilt_create_args_clear (QuiltCreateArgs *args);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltCreateArgs, quilt_create_args_clear)

/* Reads options and arguments of run or create as quilt_ctl_parse() does; args[0] is the image, the
 * command follows. An option that podman has and Quilt has not is refused by its name. */
char **quilt_create_parse (QuiltCtl *ctl, char **argv, gboolean for_run, QuiltCreateArgs *ret_args);

/* The options for CreateContainer and RunContainer, type a{sv}, floating. command: argv of the
 * container, NULL-terminated, empty for the image's own. Lookup finds a variable of the caller's
 * environment for "-e NAME". INVALID_ARGUMENT for what can't be read. */
GVariant *quilt_create_options (const QuiltCreateArgs *args,
                                char *const *command,
                                const char *(*lookup) (const char *name),
                                GError **error);

/* The keys of Update that any of these holds; shared with the verb update. */
gboolean
quilt_create_add_limits (const QuiltCreateArgs *args, GVariantBuilder *builder, GError **error);
