/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mount option tmpcopyup: a new tmpfs first gets a copy of the files that it would hide. */
#pragma once

#include <glib.h>

/* Copies directories, files, symbolic links, devices and pipes from the directory from_fd to the
 * empty directory to_fd, with mode, owner and times. Skips what is mounted below from_fd.
 * keep_mode: the mode of to_fd itself stays. Child-safe. Returns 0 or -errno: ELOOP if the
 * directories are nested too deeply, ENOSPC. */
int quilt_copy_up (int from_fd, int to_fd, gboolean keep_mode);
