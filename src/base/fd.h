/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ownership of file descriptors. -1 means "no descriptor". */
#pragma once

#include <glib.h>
#include <glib-unix.h>

#include <sys/types.h>

/* Closes *fd unless it is -1, and sets it to -1. Keeps errno. */
void quilt_fd_clear (int *fd);

/* GLib has these since 2.76; Quilt requires 2.74. */
#ifndef g_autofd
#define g_autofd _GLIB_CLEANUP (quilt_fd_clear)
#endif

/* Writes all of data, despite EINTR and short writes. Returns FALSE with errno set. */
gboolean quilt_fd_write_all (int fd, const void *data, gsize length);

/* The kernel's limit of descriptors in one message (SCM_MAX_FD). */
#define QUILT_FDS_MAX 253

/* Sends one message with n_fds descriptors, at most QUILT_FDS_MAX, over a Unix socket. The sender
 * keeps the descriptors. Raises no SIGPIPE. Returns FALSE with errno set. */
gboolean quilt_fds_send (int socket, const void *data, gsize size, const int *fds, guint n_fds);

/* Writes all of data to a Unix stream socket. The descriptors go with the first byte, and the
 * sender keeps them. Raises no SIGPIPE. Returns FALSE with errno set. */
gboolean
quilt_fds_write_all (int socket, const void *data, gsize size, const int *fds, guint n_fds);

/* Receives one message, by recvmsg(2). The caller owns its descriptors, which are close-on-exec.
 * Returns the length, or -1 with errno set: EMSGSIZE if there is no room for all bytes or
 * descriptors (all descriptors are closed; with room 0, they are closed without an error), EMFILE
 * if too many files are open, or an errno of recvmsg(2). Allocates nothing. */
gssize quilt_fds_receive (
    int socket, int flags, void *data, gsize size, int *fds, guint room, guint *ret_n_fds);

/* Receives part of a stream, by recvmsg(2). The caller owns its descriptors, which are
 * close-on-exec; descriptors beyond the limit of open files are lost. Returns the length, 0 at the
 * end of the stream, or -1 with errno set. Allocates nothing. */
gssize
quilt_fds_read (int socket, void *data, gsize size, int fds[QUILT_FDS_MAX], guint *ret_n_fds);

/* The pid of a pidfd's process in our pid namespace. Returns 0 or less if the process was reaped,
 * or fd is not a pidfd. */
pid_t quilt_pid_fd_get_pid (int pid_fd);
