/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's root file system: the init builds it and enters it. */
#pragma once

#include "core/init/stage.h"

/* All are child-safe, and end the process on failure. */

/* Builds the root and enters it, as the container's root where it has a user namespace; or enters
 * the container that is joined. Reports MOUNTED on the way, if hooks have to run then. */
void quilt_root_build (QuiltInit *init);

/* After the root was built and we have entered the cgroup: makes the mounts that need the cgroup.
 */
void quilt_root_finish (const QuiltInit *init);

/* Of the same, when all that has to be made in it is made: read-only, and how mounts come and go.
 */
void quilt_root_seal (const QuiltInit *init);
