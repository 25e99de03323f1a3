/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CommitContainer: makes an image of a container's image and what the container has changed. */
#pragma once

#include "daemon/containers/containers.h"

/* Takes over a handler's reference to call and answers it with a job. name: name, ID or unique
 * prefix of the container; image: a name for the image, or "". */
void quilt_commit_container (QuiltContainers *containers,
                             QuiltCall *call,
                             const char *name,
                             const char *image,
                             GVariant *options);
