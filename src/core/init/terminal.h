/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal of a container's process: a new pseudoterminal of the container's own devpts. */
#pragma once

#include "spec/oci/oci.h"

/* Runs in the init, inside the container's root. Makes a terminal owned by uid, sends its master
 * over console_fd with the master's path as the message, and with both the other end too, and makes
 * that end this process's 0, 1 and 2. as_console: also puts it on /dev/console. Child-safe. Returns
 * 0 or -errno; *ret_object is then the path that failed, a static string. */
int quilt_terminal_open (const QuiltProcess *process,
                         int console_fd,
                         gboolean both,
                         guint32 uid,
                         gboolean as_console,
                         const char **ret_object);

/* Makes the terminal the controlling terminal of this process, which must lead its session. Returns
 * 0 or -errno. */
int quilt_terminal_control (void);
