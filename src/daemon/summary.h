/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shows the numbers of containers and images in `systemctl status quiltd`. */
#pragma once

#include "daemon/daemon.h"

/* Updates the status now. */
void quilt_summary_tell (QuiltDaemon *daemon);

/* From now on also updates the status within a second after a change of containers or images, once
 * for several changes. */
void quilt_summary_begin (QuiltDaemon *daemon);
