/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens the cgroup of a container. */
#pragma once

#include "oci/cgroup/place.h"

/* Opens self->dir_fd, unless it is open. Sets NOT_FOUND if the container has no cgroup, if the
 * cgroup does not exist, or if the path is now that of another cgroup. */
gboolean quilt_oci_cgroup_open (QuiltOciCgroup *self, GError **error);
/* As quilt_oci_cgroup_open(), but instead of NOT_FOUND sets *ret_exists to FALSE. */
gboolean quilt_oci_cgroup_try_open (QuiltOciCgroup *self, gboolean *ret_exists, GError **error);
