/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recovery after a restart of quiltd: from the disk, from /run and from systemd. */
#pragma once

#include "daemon/containers/containers.h"

/* Loads images and containers, connects to the supervisors that live, and puts in order what ended
 * meanwhile. callback comes when every container's state is known, or was not told in time. */
gboolean quilt_recover (QuiltContainers *containers,
                        void (*callback) (gpointer data),
                        gpointer data,
                        GError **error);
