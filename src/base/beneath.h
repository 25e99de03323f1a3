/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens untrusted paths without leaving a directory: openat2(2), Linux 5.6. */
#pragma once

#include <fcntl.h>
#include <glib.h>
#include <sys/types.h>

/* Opens path beneath dir_fd without following any symbolic link (RESOLVE_BENEATH | NO_SYMLINKS |
 * NO_MAGICLINKS). flags and mode as for open(2); O_CLOEXEC is added. Returns -1 with errno set. */
int quilt_open_beneath (int dir_fd, const char *path, int flags, mode_t mode);

/* Opens path with dir_fd as the root directory, as a process in a container would see it: absolute
 * links and ".." stay inside (RESOLVE_IN_ROOT | NO_MAGICLINKS). Returns -1 with errno set. */
int quilt_open_in_root (int dir_fd, const char *path, int flags, mode_t mode);
