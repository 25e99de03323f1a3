/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a tree as a tar stream. Other processes may change the tree meanwhile, and may be
 * hostile. */
#pragma once

#include "tar/report.h"
#include "tar/stream.h"

typedef struct {
  /* The directory /proc/self/fd. A file is first opened without any effect (O_PATH), and then by
   * its number, so that what is read is the regular file that was looked at. */
  int proc_fd;
  gboolean xattrs;      /* with file capabilities and attributes in user.* */
  const char *left_out; /* a name directly below the top that is not packed; NULL: none */
} QuiltPackSettings;

/* Writes dir_fd/name and everything below it, without the end mark. Follows no link, opens nothing
 * but directories and regular files, and reads nothing from file systems of the kernel. `as` is the
 * path of the top in the archive; "" is for the content of a directory, with the directory as "./".
 * Errors: NOT_FOUND, INVALID_ARGUMENT if the top is not a directory and `as` is "", or if it is in
 * a file system of the kernel, CANCELLED, FAILED. */
gboolean quilt_tar_pack (QuiltTarStream *stream,
                         int dir_fd,
                         const char *name,
                         const char *as,
                         const QuiltPackSettings *settings,
                         QuiltTarReport *report,
                         GError **error);

/* Writes the end mark and what is left in the buffer. */
gboolean quilt_tar_pack_end (QuiltTarStream *stream, GError **error);

/* The name of a source in an archive: the last component of path as it was typed, or "" if only the
 * content of the directory is meant: "/", ".", ".." and paths that end so. Pure. Owned by the
 * caller. */
char *quilt_tar_base_name (const char *path);

/* Whether fd is in a file system that shows the kernel or its devices, not data. */
gboolean quilt_tar_is_of_kernel (int fd);
