/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding and executing the container's command, and explaining failures. */
#pragma once

#include "core/program/report.h"

typedef void (*QuiltCommandReady) (gpointer data);

/* Searches program as execvp(3) does, but with PATH of env. Checks the libraries, which the kernel
 * does not, calls ready, and executes the program without further system calls in between. Returns
 * only on failure: report then has problem, error, object and detail. Finding the reason uses only
 * lstat(2), stat(2), open(2), pread(2), access(2), readlink(2), getxattr(2), prctl(2) and close(2).
 * Sends a warning over channel about a doubt that does not prevent the execution. Child-safe;
 * called inside the container's root. */
void quilt_command_exec (const char *program,
                         char *const *argv,
                         char *const *env,
                         int channel,
                         QuiltCommandReady ready,
                         gpointer data,
                         QuiltReport *report);

/* Whether the program exists: a regular file that somebody may execute. It may still fail to run. A
 * relative path with a slash is not checked, since the working directory is not entered yet. On
 * FALSE report has problem, error, object and detail. Child-safe. */
gboolean quilt_command_check (char *const *argv, char *const *env, QuiltReport *report);
