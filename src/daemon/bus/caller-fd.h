/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors that come with a call. They are untrusted, and accepted only if their kind makes that
 * safe. */
#pragma once

#include <glib.h>

/* A helper uses the descriptor with root's credentials. For many kinds of files, read() and write()
 * act by the credentials of the calling process: files of procfs and sysfs, sockets, block devices,
 * file systems with blocks reserved for root. Others can block for ever. A caller must copy from
 * and to such files itself. */
typedef enum {
  QUILT_CALLER_FD_SINK, /* the writing end of a pipe made by pipe(2) */
  QUILT_CALLER_FD_PIPE, /* the reading end of such a pipe */
  /* for reading: a pipe or FIFO, a regular file on a disk or in memory, or a stream socket of
   * unix(7), ip(7) or ipv6(7) */
  QUILT_CALLER_FD_SOURCE,
} QuiltCallerFdUse;

/* Returns our own descriptor for the handle of the argument or option called name, an index in fds;
 * -1 with INVALID_ARGUMENT. */
int quilt_caller_fd_take (const int *fds,
                          guint n_fds,
                          gint32 handle,
                          const char *name,
                          QuiltCallerFdUse use,
                          GError **error);
