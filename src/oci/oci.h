/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the verbs of quilt-oci share: the options that stand before the verb, and the verbs. */
#pragma once

#include "oci/log.h"

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

/* Each returns the exit code, or -1 with error set, which is then logged by main() alone, once. A
 * usage error is INVALID_ARGUMENT. */
typedef int (*QuiltOciVerb) (QuiltOci *oci, GError **error);

int quilt_oci_create (QuiltOci *oci, GError **error);
int quilt_oci_run (QuiltOci *oci, GError **error);
int quilt_oci_start (QuiltOci *oci, GError **error);
int quilt_oci_exec (QuiltOci *oci, GError **error);
int quilt_oci_kill (QuiltOci *oci, GError **error);
int quilt_oci_delete (QuiltOci *oci, GError **error);
int quilt_oci_pause (QuiltOci *oci, GError **error);
int quilt_oci_resume (QuiltOci *oci, GError **error);
int quilt_oci_state (QuiltOci *oci, GError **error);
int quilt_oci_list (QuiltOci *oci, GError **error);
int quilt_oci_ps (QuiltOci *oci, GError **error);
int quilt_oci_update (QuiltOci *oci, GError **error);
int quilt_oci_events (QuiltOci *oci, GError **error);
int quilt_oci_features (QuiltOci *oci, GError **error);
int quilt_oci_spec (QuiltOci *oci, GError **error);
int quilt_oci_checkpoint (QuiltOci *oci, GError **error); /* and restore */

/* Parses the verb's options, of which there are entries; its arguments, at least min and at most
 * max
 * (-1: any number), are then argv from 1 on. in_order: what follows the first argument is left
 * alone. Values that may be more than ASCII need G_OPTION_ARG_FILENAME or _FILENAME_ARRAY. A flag
 * may be spelled --flag=true and --flag=false. Answers --help itself, and exits; else opens
 * root_fd, where the verb needs it. */
gboolean quilt_oci_parse (QuiltOci *oci,
                          const GOptionEntry *entries,
                          const char *arguments,
                          const char *summary,
                          gboolean in_order,
                          int min,
                          int max,
                          GError **error);
