/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CreateContainer and RunContainer. */
#pragma once

#include "daemon/containers/containers.h"

/* Each takes over a handler's reference to invocation and answers it. fds may be NULL. */
void quilt_create_container (QuiltContainers *containers,
                             GDBusMethodInvocation *invocation,
                             const char *image,
                             GVariant *options);
void quilt_run_container (QuiltContainers *containers,
                          GDBusMethodInvocation *invocation,
                          GUnixFDList *fds,
                          const char *image,
                          GVariant *options);
