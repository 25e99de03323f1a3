/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Converts linux.resources to values for the files of a cgroup of version 2. Pure. */
#pragma once

#include "spec/oci/resources.h"

typedef struct {
  char *file;
  char *value;
  char *other_file; /* the file to write instead if the kernel lacks `file`; NULL: none */
  char *other_value;
  gboolean optional; /* the file may be missing, since the value is what applies without it */
} QuiltCgroupWrite;

/* Everything that resources ask for, in the order that the kernel needs, as a GPtrArray of
 * QuiltCgroupWrite. The files in `unified` come last, since they are the most exact. Devices are
 * not included: version 2 has no file for them. Sets INVALID_ARGUMENT for limits that contradict
 * each other. */
GPtrArray *quilt_cgroup_plan_writes (const QuiltOciResources *resources, GError **error);

/* Converts OCI's swap, which is memory and swap together, to that of version 2: bytes, -1 for no
 * limit, QUILT_OCI_UNSET if nothing is to be set. Sets INVALID_ARGUMENT if swap is below memory, or
 * no memory limit is given. */
gboolean quilt_cgroup_swap (const QuiltOciResources *resources, gint64 *ret_swap, GError **error);
