/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ownership of file descriptors. -1 is "none". */
#pragma once

#include <glib.h>
#include <glib-unix.h>

/* Closes *fd unless it is -1, sets it to -1 and leaves errno as it was. */
void quilt_fd_clear (int *fd);

/* GLib has these since 2.76; the baseline is 2.74. */
#ifndef g_autofd
#define g_autofd _GLIB_CLEANUP (quilt_fd_clear)
#endif

/* Writes all of data, over EINTR and short writes. FALSE with errno set on failure. */
gboolean quilt_fd_write_all (int fd, const void *data, gsize length);
