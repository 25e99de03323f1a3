/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ownership of file descriptors. -1 is "none". */
#pragma once

#include <glib.h>
#include <glib-unix.h>

#include <sys/types.h>

/* Closes *fd unless it is -1, sets it to -1 and leaves errno as it was. */
void quilt_fd_clear (int *fd);

/* GLib has these since 2.76; the baseline is 2.74. */
#ifndef g_autofd
#define g_autofd _GLIB_CLEANUP (quilt_fd_clear)
#endif

/* Writes all of data, over EINTR and short writes. FALSE with errno set on failure. */
gboolean quilt_fd_write_all (int fd, const void *data, gsize length);

/* The kernel's limit of descriptors in one message (SCM_MAX_FD). */
#define QUILT_FDS_MAX 253

/* Sends one message with n descriptors, at most QUILT_FDS_MAX, over a Unix socket; the sender keeps
 * them, and no SIGPIPE. FALSE with errno set. */
gboolean quilt_fds_send (int socket, const void *data, gsize size, const int *fds, guint n_fds);

/* Writes all of data to a Unix stream socket. The descriptors go with its first byte; the sender
 * keeps them. No SIGPIPE. FALSE with errno set. */
gboolean
quilt_fds_write_all (int socket, const void *data, gsize size, const int *fds, guint n_fds);

/* recvmsg(2) of one message; its descriptors are the caller's, close-on-exec. Returns its length,
 * or -1 with errno: EMSGSIZE (more bytes or descriptors than there is room for: none is kept, and
 * with room for none they are no error), EMFILE (we can't have that many open), and what recvmsg
 * says. Allocates nothing. */
gssize quilt_fds_receive (
    int socket, int flags, void *data, gsize size, int *fds, guint room, guint *ret_n_fds);

/* recvmsg(2) of a part of a stream. The descriptors that come with it are the caller's, and
 * close-on-exec; those beyond the limit of open files are lost. Returns the length, 0 at the end of
 * the stream, or -1 with errno. Allocates nothing. */
gssize
quilt_fds_read (int socket, void *data, gsize size, int fds[QUILT_FDS_MAX], guint *ret_n_fds);

/* The pid, in our pid namespace, of a pidfd's process; 0 or less: it was reaped, or fd is not a
 * pidfd. */
pid_t quilt_pid_fd_get_pid (int pid_fd);
