/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session in the foreground, for the verbs exec, shell and debug. */
#pragma once

#include "ctl/ctl.h"

typedef struct {
  gboolean interactive, tty, detach, privileged;
  gboolean login; /* with the user's home and shell, and with our TERM */
  char **env, **env_files;
  char *cwd, *user, *timeout, *detach_keys, *provide;
} QuiltExecOptions;

void quilt_exec_options_clear (QuiltExecOptions *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltExecOptions, quilt_exec_options_clear)

/* Runs the command in the container. args: its name and the command. Returns the exit code of
 * quiltctl. */
int quilt_exec_run (QuiltCtl *ctl, const QuiltExecOptions *options, char **args);
