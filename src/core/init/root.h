/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's root file system: the init builds it and enters it. */
#pragma once

#include "core/init/stage.h"

/* All functions are child-safe, and end the process on failure. */

/* Builds the root and enters it, or enters the existing container to join. With a user namespace,
 * also becomes the container's root user. Reports MOUNTED before entering, if hooks have to run
 * then. */
void quilt_root_build (QuiltInit *init);

/* Makes the mounts that need the cgroup. Called after quilt_root_build(), once the init is in the
 * cgroup. */
void quilt_root_finish (const QuiltInit *init);

/* Makes the root read-only and sets its propagation. Called when nothing has to be made in the root
 * any more. */
void quilt_root_seal (const QuiltInit *init);
