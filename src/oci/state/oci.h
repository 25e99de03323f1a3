/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One invocation of quilt-oci: the options before the verb, shared by all verbs. */
#pragma once

#include "oci/state/log.h"

typedef struct {
  const QuiltOciLog *log; /* for warnings; errors are returned */
  char *root;             /* absolute path of the state directory */
  int root_fd;
  gboolean systemd_cgroup; /* use scopes of systemd instead of our own cgroups */
  gboolean no_cgroup;      /* containers stay in our cgroup */
  gboolean rootless;       /* we are not the host's root, so cgroups may not be accessible */
  gboolean needs_root;     /* the verb needs the state directory: quilt_oci_parse() opens it */
  char **argv;             /* the verb, its options and arguments */
  GPtrArray *words;        /* owns the strings of argv; NULL: the caller does */
} QuiltOci;
