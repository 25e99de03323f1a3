/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A time namespace for the container: time_namespaces(7). */
#pragma once

#include "spec/oci/oci.h"

/* Called before the clone. Makes a time namespace with the offsets of spec for our later children;
 * we stay in our own. The offsets can be written only while the namespace has no process. If spec
 * asks for none, only sets *ret_own_fd to -1. Error: FAILED. */
gboolean quilt_time_namespace_prepare (const QuiltSpec *spec, int *ret_own_fd, GError **error);

/* Called after the clone. Our later children are in our own time namespace again. Closes own_fd. */
gboolean quilt_time_namespace_restore (int own_fd, GError **error);
