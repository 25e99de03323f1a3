/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of update as the resources that they stand for. */
#pragma once

#include "spec/oci/resources.h"

#include <glib.h>

#define QUILT_OCI_UPDATE_OPTIONS 16

/* The values as they were typed, NULL where they were not. */
typedef struct {
  char *values[QUILT_OCI_UPDATE_OPTIONS];
} QuiltOciUpdate;

#define QUILT_OCI_UPDATE_INIT                                                                      \
  {                                                                                                \
    {                                                                                              \
      NULL                                                                                         \
    }                                                                                              \
  }

void quilt_oci_update_clear (QuiltOciUpdate *update);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltOciUpdate, quilt_oci_update_clear)

/* The options, into update, which must outlive their parsing; zero-terminated. */
GArray *quilt_oci_update_entries (QuiltOciUpdate *update);

gboolean quilt_oci_update_is_given (const QuiltOciUpdate *update);

/* Sizes are bytes, or have a unit ("64m"); -1 is no limit. INVALID_ARGUMENT naming the option;
 * NOT_SUPPORTED for what only cgroup v1 has. */
QuiltOciResources *quilt_oci_update_read (const QuiltOciUpdate *update, GError **error);
