/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Converts the options of update to linux.resources. */
#pragma once

#include "spec/oci/resources.h"

#include <glib.h>

#define QUILT_OCI_UPDATE_OPTIONS 16

/* The values as typed; NULL if not given. */
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

/* The entries that parse into update, which must outlive the parsing; zero-terminated. */
GArray *quilt_oci_update_entries (QuiltOciUpdate *update);

gboolean quilt_oci_update_is_given (const QuiltOciUpdate *update);

/* Converts the values. Sizes are bytes, or have a unit ("64m"); -1 means no limit. Sets
 * INVALID_ARGUMENT, which names the option, or NOT_SUPPORTED for limits that only cgroup v1 has. */
QuiltOciResources *quilt_oci_update_read (const QuiltOciUpdate *update, GError **error);
