/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of the host that a process in a container gets beside the container's own. */
#pragma once

#include <glib.h>

/* Open for reading, at their beginning. -1: not wanted. */
typedef struct {
  int busybox;      /* a static program */
  gboolean has_all; /* all of its usual names, not only sh */
  int certificates;
} QuiltProvided;

/* Child-safe; called in the container's root and mount namespace, with CAP_SYS_ADMIN there. Leaves
 * both for a mount namespace of this process's own. Its root is a new read-only file system in
 * memory, with copies of the files in /.quilt, and with each entry of the container's root mounted
 * under its name. So nothing is made in the container's root, no program of the container sees the
 * files, and whatever the container has at /.quilt is not touched. The files are copies: through
 * them, nothing leads to those of the host. Returns 0 or -errno; *ret_why then explains more, a
 * static string, or "". */
int quilt_provided_enter (const QuiltProvided *files, const char **ret_why);

/* Child-safe. Copies the files into a file system in memory that is mounted on /.quilt in the new
 * root of a container, and makes that mount read-only. Returns as quilt_provided_enter(). */
int quilt_provided_fill (const QuiltProvided *files, int root_fd, const char **ret_why);
