/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* State files: the old one or the new one, never half. And the removal of trees. */
#pragma once

#include <glib.h>

typedef enum {
  QUILT_FILE_VOLATILE, /* atomic, but a power cut may lose it: facts of the moment in /run */
  QUILT_FILE_DURABLE,  /* on the disk, and its directory too, when the call returns */
} QuiltFileSync;

/* Replaces dir_fd/name by data (mode 0600): a temporary file beside it, then one rename. The
 * temporary name is "." NAME ".tmp"; one writer at a time. Sets FAILED or NO_SPACE. */
gboolean quilt_file_replace (int dir_fd,
                             const char *name,
                             const void *data,
                             gsize length,
                             QuiltFileSync sync,
                             GError **error);

/* Reads the regular file dir_fd/name of at most max bytes; follows no link. NULL and NOT_FOUND when
 * it is not there, FAILED when it is larger, no regular file, or unreadable. */
GBytes *quilt_file_read (int dir_fd, const char *name, gsize max, GError **error);

/* Opens the directory dir_fd/name, making it (mode 0700) if it is not there. -1 on error. */
int quilt_dir_ensure (int dir_fd, const char *name, GError **error);

/* Opens the directory dir_fd/name; follows no link. -1, with NOT_FOUND where it is not there. */
int quilt_dir_open (int dir_fd, const char *name, GError **error);

/* Removes dir_fd/name and all that is beneath; follows no link, crosses no mount point. No error if
 * it is not there. Depth is bounded only by memory, not by the stack or by PATH_MAX. */
gboolean quilt_tree_remove (int dir_fd, const char *name, GError **error);
