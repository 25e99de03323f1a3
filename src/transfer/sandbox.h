/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sandbox of the process that parses untrusted bytes: it can only use one directory and set
 * owners of files in it. */
#pragma once

#include <glib.h>

/* For the whole process, which must have one thread. No new privileges, no core dumps, bounded
 * memory and descriptors, nothing open above last_fd, no network, no System V IPC, no capabilities
 * but those that files need, and no file but those beneath dir_fd (Landlock, Linux 5.19, where it
 * is enabled). What needs a privilege that we don't have is left out: it could not be misused
 * either. */
gboolean quilt_sandbox_enter (int dir_fd, int last_fd, GError **error);
