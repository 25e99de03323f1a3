/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recovery after a restart of quiltd: from the disk, from /run and from systemd. */
#pragma once

#include "daemon/containers/containers.h"

/* Loads images and containers, connects to the living supervisors, and cleans up after runs that
 * ended meanwhile. Calls callback when the state of every container is known, or the time limit has
 * passed. */
gboolean quilt_recover (QuiltContainers *containers,
                        void (*callback) (gpointer data),
                        gpointer data,
                        GError **error);
