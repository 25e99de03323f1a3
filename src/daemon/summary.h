/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many containers and images there are, in `systemctl status quiltd`. */
#pragma once

#include "daemon/daemon.h"

/* Tells the service manager now. */
void quilt_summary_tell (QuiltDaemon *daemon);

/* From now on, also within a second after containers or images came, went or changed, and once for
 * all of them. */
void quilt_summary_begin (QuiltDaemon *daemon);
