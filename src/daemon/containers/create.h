/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CreateContainer and RunContainer. */
#pragma once

#include "daemon/containers/containers.h"

/* Each takes over a handler's reference to call and answers it. */
void quilt_create_container (QuiltContainers *containers,
                             QuiltCall *call,
                             const char *image,
                             GVariant *options);
void quilt_run_container (QuiltContainers *containers,
                          QuiltCall *call,
                          const char *image,
                          GVariant *options);
