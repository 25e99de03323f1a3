/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs of quilt-oci. */
#pragma once

#include "oci/state/oci.h"

/* Each verb returns the exit code, or -1 with error set, which main() logs once. A usage error is
 * INVALID_ARGUMENT. */
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

/* Parses the verb's options by entries. Its arguments, from min to max of them (-1: any number),
 * are then argv from 1 on. in_order: words after the first argument are left unchanged. Values that
 * may not be ASCII need G_OPTION_ARG_FILENAME or _FILENAME_ARRAY. Flags may be spelled --flag=true
 * and --flag=false. For --help prints the help and exits. Otherwise opens root_fd, if the verb
 * needs it. */
gboolean quilt_oci_parse (QuiltOci *oci,
                          const GOptionEntry *entries,
                          const char *arguments,
                          const char *summary,
                          gboolean in_order,
                          int min,
                          int max,
                          GError **error);
