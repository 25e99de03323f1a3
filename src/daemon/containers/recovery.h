/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recovery after a restart of quiltd: from the disk, from /run and from systemd. */
#pragma once

#include "daemon/containers/containers.h"

/* Loads images and containers, connects to the living supervisors, and cleans up after runs that
 * ended meanwhile. */
gboolean quilt_recover (QuiltContainers *containers, GError **error);
/* Calls callback when all supervisors have answered, those of sessions included, or the time limit
 * has passed. */
void
quilt_recovery_await (QuiltContainers *containers, void (*callback) (gpointer data), gpointer data);
