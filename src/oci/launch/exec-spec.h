/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process of exec, from its options. */
#pragma once

#include "oci/state/container.h"

/* The options of exec; NULL, 0 and FALSE: not given. */
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

/* Puts them into the process of a configuration that quilt_guest_plan() has made of the
 * container's. */
gboolean quilt_oci_exec_spec (const QuiltOci *oci,
                              QuiltSpec *spec,
                              const QuiltOciExecOptions *options,
                              GError **error);
