/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal of a container's process: a new pseudoterminal of the container's own devpts. */
#pragma once

#include "spec/oci/oci.h"

/* In the init, child-safe, inside the container's root: makes the terminal, sends its master over
 * console_fd with the name as the message, and makes the other end this process's 0, 1 and 2,
 * uid's. as_console: it is put on /dev/console
 * too. 0 or -errno; *ret_object is then the path that it is about, a static string. */
int quilt_terminal_open (const QuiltProcess *process,
                         int console_fd,
                         guint32 uid,
                         gboolean as_console,
                         const char **ret_object);

/* In a session of its own: makes that its controlling terminal. 0 or -errno. */
int quilt_terminal_control (void);
