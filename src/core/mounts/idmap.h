/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A user namespace that is there for its maps alone: those of a mount. */
#pragma once

#include "spec/id-map.h"

#include <sys/types.h>

/* Writes uid_map and gid_map (of QuiltIdMap) of pid, each at once: the kernel takes no second one.
 * FAILED. */
gboolean
quilt_idmap_write (pid_t pid, const GArray *uid_map, const GArray *gid_map, GError **error);

/* A descriptor of a new user namespace with these maps and no process in it; -1 with FAILED. */
int quilt_idmap_open (const GArray *uid_map, const GArray *gid_map, GError **error);
