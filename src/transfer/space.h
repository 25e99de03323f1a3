/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bomb must not fill the disk that the host and all other containers write to. */
#pragma once

#include <glib.h>

typedef struct {
  int fd; /* any file on the file system; the caller's */
  guint64 unchecked_bytes;
  guint64 unchecked_files;
} QuiltSpace;

/* Counts what is about to be written and now and then looks whether a twentieth of the file system,
 * at most 1 GiB, is still free, and a twentieth of its inodes. FALSE sets NO_SPACE. */
gboolean quilt_space_use (QuiltSpace *space, guint64 bytes, guint64 files, GError **error);
