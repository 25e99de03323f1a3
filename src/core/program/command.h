/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding and executing the container's command, and saying why that can't be. */
#pragma once

#include "core/program/report.h"

typedef void (*QuiltCommandReady) (gpointer data);

/* Looks argv[0] up as execvp(3) does, but by env's PATH, checks what the kernel does not (the
 * libraries), calls ready, and executes it: nothing is called in between. Returns only when that
 * failed: report then has problem, error, object and detail, which took no calls but lstat(2),
 * stat(2), open(2), pread(2), access(2), readlink(2), getxattr(2), prctl(2) and close(2). A doubt
 * that does not keep the command from being tried goes to channel as a warning. Child-safe; called
 * inside the container's root. */
void quilt_command_exec (char *const *argv,
                         char *const *env,
                         int channel,
                         QuiltCommandReady ready,
                         gpointer data,
                         QuiltReport *report);

/* Whether there is such a program at all: a regular file that somebody may execute; not yet whether
 * it runs. A relative path with a slash is not looked at, as the working directory is not entered.
 * FALSE: report has problem, error, object and detail. Child-safe. */
gboolean quilt_command_check (char *const *argv, char *const *env, QuiltReport *report);
