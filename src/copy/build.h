/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts the file system of a container that does not run. */
#pragma once

#include "copy/enter.h"
#include "runtime/payload.h"

/* Clones an init from the configuration fd, as a start does, which builds the root file system in
 * namespaces of its own and goes no further. It ends with this process. The mounts, limits and ids
 * are those of a start, but nothing of the container is executed. Blocks all signals. The
 * requirements are those of quilt_payload_start(). Errors: those of a start. */
gboolean quilt_copy_build (int fd, QuiltPayload *ret_payload, QuiltSpec **ret_spec, GError **error);
