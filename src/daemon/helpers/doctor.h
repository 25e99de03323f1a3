/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The method Diagnose: what quilt-doctor finds out about this host. */
#pragma once

#include "daemon/daemon.h"

/* Takes over a handler's reference to invocation and answers it. */
void quilt_diagnose (QuiltDaemon *daemon, GDBusMethodInvocation *invocation, GVariant *options);
