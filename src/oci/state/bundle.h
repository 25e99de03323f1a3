/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bundle: the directory with config.json and the root file system (bundle.md of runtime-spec). */
#pragma once

#include "oci/state/oci.h"
#include "spec/oci/oci.h"

typedef struct {
  char *path;      /* absolute */
  GBytes *config;  /* config.json as it is there */
  QuiltSpec *spec; /* root_path is absolute */
} QuiltOciBundle;

/* path: NULL is the working directory; config: another file than its config.json, or NULL. */
gboolean quilt_oci_bundle_load (const QuiltOci *oci,
                                const char *path,
                                const char *config,
                                QuiltOciBundle *ret_bundle,
                                GError **error);

void quilt_oci_bundle_clear (QuiltOciBundle *bundle);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltOciBundle, quilt_oci_bundle_clear)
