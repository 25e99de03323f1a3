/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes what an untrusted tar stream says below a directory in which other, perhaps hostile,
 * processes may work too. */
#pragma once

#include "tar/reader.h"
#include "tar/report.h"

#include <sys/types.h>

typedef struct {
  gboolean keeps_owner; /* the owners in the stream; otherwise uid and gid */
  uid_t uid;            /* (uid_t)-1: the process that unpacks */
  gid_t gid;
  mode_t mode_mask; /* of 07777: the bits that files may have */
  gboolean xattrs;
  gboolean overwrite; /* a file may replace a directory, and a directory a file */
} QuiltUnpackSettings;

typedef struct {
  int dir_fd;      /* borrowed */
  const char *top; /* one name, below which everything goes; NULL: directly in the directory */
  guint strip;     /* how many components to remove from the beginning of each path: 0 or 1 */
} QuiltUnpackPlace;

/* Unpacks the reader's current member and all later ones. Nothing outside of the directory is made
 * or changed, and no link in it is followed. A file gets a temporary name, ".quilt-copy-…", and
 * replaces an existing one when it is complete. An existing directory keeps its owner, mode and
 * times. Device nodes are left out. Errors: BAD_ARCHIVE, EXISTS for a directory that is in the way
 * of a file or the other way round, INVALID_ARGUMENT for a device in the way, NO_SPACE, CANCELLED,
 * FAILED. */
gboolean quilt_tar_unpack (QuiltTarReader *reader,
                           const QuiltUnpackPlace *place,
                           const QuiltUnpackSettings *settings,
                           QuiltTarReport *report,
                           GError **error);
