/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the verbs of quilt-oci: the options before the verb. */
#pragma once

#include "oci/state/log.h"

typedef struct {
  const QuiltOciLog *log; /* for warnings; errors are returned */
  char *root;             /* directory of the containers' states, absolute */
  int root_fd;
  gboolean systemd_cgroup; /* scopes of systemd, instead of cgroups of our own */
  gboolean no_cgroup;      /* containers stay in ours */
  gboolean rootless;       /* not the host's root: cgroups may be out of reach */
  gboolean needs_root;     /* of the verb: quilt_oci_parse() opens it */
  char **argv;             /* of the verb: options and arguments, the verb itself first */
  GPtrArray *words;        /* what argv points into; NULL: into the caller's */
} QuiltOci;
