/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A time namespace for the container: time_namespaces(7). */
#pragma once

#include "spec/oci/oci.h"

/* Before the clone: from now on our children are in a new time namespace with the offsets that spec
 * has, which can be written only while nobody is in it; we stay where we are. Does nothing, and
 * sets *ret_own_fd to -1, if spec wants none. FAILED. */
gboolean quilt_time_namespace_prepare (const QuiltSpec *spec, int *ret_own_fd, GError **error);

/* After it: our next children are in our own again. Closes own_fd. */
gboolean quilt_time_namespace_restore (int own_fd, GError **error);
