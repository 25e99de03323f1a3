/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists all containers in one answer, from the table. */
#pragma once

#include "daemon/containers/containers.h"

/* Takes over a handler's reference to call and answers it. */
void quilt_list_containers (QuiltContainers *containers, QuiltCall *call, GVariant *options);
