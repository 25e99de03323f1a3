/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration of one process more in a container that is there. */
#pragma once

#include "oci/state/container.h"

/* What exec's options say; NULL, 0 and FALSE: nothing. */
typedef struct {
  char *process; /* the file with an object "process"; then all but tty must be unset */
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

/* Turns the container's configuration into that of the process: its namespaces are those of the
 * container's first process, and what was done once for the container is not done again. */
gboolean quilt_oci_exec_spec (const QuiltOci *oci,
                              QuiltSpec *spec,
                              const QuiltOciContainer *container,
                              const QuiltOciExecOptions *options,
                              GError **error);
