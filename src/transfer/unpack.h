/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unpacks a root file system archive into a tree, within limits. */
#pragma once

#include "store/left-out.h"
#include "transfer/control.h"

#include <glib.h>

typedef struct {
  guint64 max_bytes;    /* limit for the plain archive, and for all files including holes */
  guint64 max_entries;  /* limit for entries of any kind */
  gboolean no_end_mark; /* accept a plain archive without the zeros that mark its end */
  guint64 max_stored;   /* limit for what a layer of changes takes on disk; 0: none */
} QuiltUnpackLimits;

typedef struct {
  char *digest;    /* "sha256:HEX" of the archive's bytes before decompression */
  guint64 bytes;   /* size of the regular files, including holes */
  guint64 entries; /* number of files, directories and links made */
  QuiltLeftOut left_out;
} QuiltUnpackResult;

/* Unpacks the tar archive archive_fd, plain or compressed, into the empty directory root_fd. Reads,
 * makes and changes nothing outside of it, whatever the archive contains. Bytes after the end mark
 * are hashed and otherwise ignored, as by GNU tar. A hard link to an entry that was left out is
 * left out too. After FALSE, root_fd is partly filled. Errors: BAD_ARCHIVE, QUOTA_EXCEEDED beyond
 * limits, NO_SPACE (also if less than 1/20 of the file system, at most 1 GiB, would stay free),
 * CANCELLED, INVALID_ARGUMENT for a descriptor that can't be read, FAILED. */
gboolean quilt_unpack (int archive_fd,
                       int root_fd,
                       const QuiltUnpackLimits *limits,
                       QuiltControl *control,
                       QuiltUnpackResult *ret_result,
                       GError **error);
