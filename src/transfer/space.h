/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps space free on the store's file system, which the host and all containers share, whatever an
 * archive contains. */
#pragma once

#include <glib.h>

typedef struct {
  int fd; /* any file on the file system; owned by the caller */
  guint64 unchecked_bytes;
  guint64 unchecked_files;
} QuiltSpace;

/* Counts bytes and files about to be written. Checks regularly that a twentieth of the file system
 * (at most 1 GiB) and a twentieth of its inodes stay free. Returns FALSE and sets NO_SPACE if
 * not. */
gboolean quilt_space_use (QuiltSpace *space, guint64 bytes, guint64 files, GError **error);
