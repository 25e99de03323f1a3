/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists in one answer, straight from the tables. */
#pragma once

#include "daemon/daemon.h"

/* Each takes over a handler's reference to invocation and answers it. */
void
quilt_list_containers (QuiltDaemon *daemon, GDBusMethodInvocation *invocation, GVariant *options);
void quilt_list_images (QuiltDaemon *daemon, GDBusMethodInvocation *invocation, GVariant *options);
