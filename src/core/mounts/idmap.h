/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A user namespace without processes, which holds the id maps of a mount. */
#pragma once

#include "spec/id-map.h"

#include <sys/types.h>

/* Writes uid_map and gid_map (of QuiltIdMap) of pid, each with one write, since the kernel accepts
 * only one. Error: FAILED. */
gboolean
quilt_idmap_write (pid_t pid, const GArray *uid_map, const GArray *gid_map, GError **error);

/* Returns a descriptor of a new user namespace with these maps and without processes, or -1 with
 * FAILED. */
int quilt_idmap_open (const GArray *uid_map, const GArray *gid_map, GError **error);
