/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bundle: the directory with config.json and the root file system (bundle.md of runtime-spec). */
#pragma once

#include "oci/state/oci.h"
#include "spec/oci/oci.h"

typedef struct {
  char *path;      /* absolute */
  GBytes *config;  /* content of config.json */
  QuiltSpec *spec; /* root_path is absolute */
} QuiltOciBundle;

/* path: NULL means the working directory. config: a file to use instead of config.json, or NULL. */
gboolean quilt_oci_bundle_load (const QuiltOci *oci,
                                const char *path,
                                const char *config,
                                QuiltOciBundle *ret_bundle,
                                GError **error);

void quilt_oci_bundle_clear (QuiltOciBundle *bundle);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltOciBundle, quilt_oci_bundle_clear)
