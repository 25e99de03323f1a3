/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors that come with a call: a stranger's, and taken only where its kind makes that safe.
 */
#pragma once

#include <gio/gunixfdlist.h>

/* A helper uses the descriptor with root's credentials, and many kinds of file decide at each
 * read() or write(), by the credentials of that process, what it does: files of procfs and sysfs,
 * sockets, block devices, file systems with blocks reserved for root. Others can make it wait for
 * ever. So a caller copies from and to those itself. */
typedef enum {
  QUILT_CALLER_FD_SINK,   /* the writing end of a pipe that pipe(2) has made */
  QUILT_CALLER_FD_SOURCE, /* to be read: a pipe or FIFO, a regular file that is on a disk or in
                             memory, a stream socket of unix(7), ip(7) or ipv6(7) */
} QuiltCallerFdUse;

/* Our own descriptor for the handle of the argument or option called name. -1: INVALID_ARGUMENT. */
int quilt_caller_fd_take (
    GUnixFDList *fds, gint32 handle, const char *name, QuiltCallerFdUse use, GError **error);
