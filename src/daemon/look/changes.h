/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ListChanges: what a container has changed of its image. */
#pragma once

#include "daemon/containers/containers.h"

/* Takes over a handler's reference to call and answers it. name: name, ID or unique prefix. */
void quilt_list_changes (QuiltContainers *containers,
                         QuiltCall *call,
                         const char *name,
                         GVariant *options);
