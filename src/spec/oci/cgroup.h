/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources as what is written into the files of a cgroup of version 2. Pure. */
#pragma once

#include "spec/oci/resources.h"

typedef struct {
  char *file;
  char *value;
  char *other_file; /* what is written where the kernel has no such file; NULL: nothing */
  char *other_value;
  gboolean optional; /* no file, no matter: it asks for what is so without it */
} QuiltCgroupWrite;

/* Everything that resources ask for, in the order in which the kernel takes it, a GPtrArray of
 * QuiltCgroupWrite: the files of unified last, since they are the most exact. Devices are not among
 * it (version 2 has no file for them). INVALID_ARGUMENT for limits that contradict each other. */
GPtrArray *quilt_cgroup_plan_writes (const QuiltOciResources *resources, GError **error);

/* What version 2 calls swap of OCI's swap, which is memory and swap together: bytes, -1 for no
 * limit, QUILT_OCI_UNSET if nothing is to be set. INVALID_ARGUMENT if swap is below memory, or
 * there is no limit of memory to take away from it. */
gboolean quilt_cgroup_swap (const QuiltOciResources *resources, gint64 *ret_swap, GError **error);
