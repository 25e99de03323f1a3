/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mount option tmpcopyup: a new tmpfs first gets a copy of the files that it would hide. */
#pragma once

#include <glib.h>

/* Copies directories, files, symbolic links, devices and pipes below the directory from_fd to that
 * of to_fd, which is empty, with mode, owner and times; what is mounted below it is not looked
 * into. keep_mode: of to_fd itself. Child-safe. 0 or -errno: ELOOP where it is nested too deeply,
 * ENOSPC. */
int quilt_copy_up (int from_fd, int to_fd, gboolean keep_mode);
