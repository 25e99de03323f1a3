/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ListProcesses: the processes of a container. */
#pragma once

#include "daemon/containers/containers.h"

/* Takes over a handler's reference to call and answers it. name: name, ID or unique prefix. */
void quilt_list_processes (QuiltContainers *containers,
                           QuiltCall *call,
                           const char *name,
                           GVariant *options);
