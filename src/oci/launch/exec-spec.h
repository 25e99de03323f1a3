/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds the process for `exec` from its options. */
#pragma once

#include "oci/state/container.h"

/* The options of `exec`. NULL, 0 and FALSE mean: not given. */
typedef struct {
  char *process; /* a file with an object "process"; then all options but tty must be unset */
  char **command;
  char **env;
  char **caps;
  char **groups;
  char *cwd;
  char *user; /* UID[:GID] */
  char *label;
  char *apparmor;
  gboolean tty;
  gboolean no_new_privs;
} QuiltOciExecOptions;

/* Applies the options to the process of a container's configuration, which quilt_guest_plan() has
 * adapted. */
gboolean quilt_oci_exec_spec (const QuiltOci *oci,
                              QuiltSpec *spec,
                              const QuiltOciExecOptions *options,
                              GError **error);
