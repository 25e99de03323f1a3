/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs of quilt-oci. */
#pragma once

#include "oci/state/oci.h"

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
