/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A root file system archive becomes a tree, within limits. */
#pragma once

#include "store/left-out.h"
#include "transfer/control.h"

#include <glib.h>

typedef struct {
  guint64 max_bytes;    /* of the plain archive, and of all files as they seem (holes count) */
  guint64 max_entries;  /* of any kind */
  gboolean no_end_mark; /* take a plain archive without the zeros that mark its end */
} QuiltUnpackLimits;

typedef struct {
  char *digest;    /* "sha256:HEX" of the bytes of the archive as they came */
  guint64 bytes;   /* of the regular files as they seem */
  guint64 entries; /* files, directories and links that were made */
  QuiltLeftOut left_out;
} QuiltUnpackResult;

/* Unpacks the tar archive of archive_fd, plain or compressed, into the empty directory root_fd.
 * Nothing outside of it is read, made or changed, whatever the archive says. Bytes behind the mark
 * of its end are hashed and ignored, as GNU tar does. A hard link to an entry that was left out is
 * left out too. FALSE leaves root_fd half filled. Errors: BAD_ARCHIVE, QUOTA_EXCEEDED beyond
 * limits, NO_SPACE (also when less than 1/20 of the file system, at most 1 GiB, would stay free),
 * CANCELLED, INVALID_ARGUMENT for a descriptor that can't be read, FAILED. */
gboolean quilt_unpack (int archive_fd,
                       int root_fd,
                       const QuiltUnpackLimits *limits,
                       QuiltControl *control,
                       QuiltUnpackResult *ret_result,
                       GError **error);
