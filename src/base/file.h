/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Replaces state files atomically, and removes trees. */
#pragma once

#include <glib.h>

typedef enum {
  QUILT_FILE_VOLATILE, /* atomic, but a power cut may lose it: for files in /run */
  QUILT_FILE_DURABLE,  /* file and directory entry are on disk when the call returns */
} QuiltFileSync;

/* Replaces dir_fd/name by data (mode 0600): writes the temporary file "." NAME ".tmp" beside it and
 * renames that. Only one writer at a time is allowed. Sets FAILED or NO_SPACE. */
gboolean quilt_file_replace (int dir_fd,
                             const char *name,
                             const void *data,
                             gsize length,
                             QuiltFileSync sync,
                             GError **error);

/* Reads the regular file dir_fd/name of at most max bytes, without following links. Returns NULL
 * and sets NOT_FOUND if the file is missing, FAILED if it is larger, not a regular file, or
 * unreadable. */
GBytes *quilt_file_read (int dir_fd, const char *name, gsize max, GError **error);

/* Opens the directory dir_fd/name. If it is missing, makes it (mode 0700). Returns -1 on error. */
int quilt_dir_ensure (int dir_fd, const char *name, GError **error);

/* Opens the directory dir_fd/name without following links. Returns -1, with NOT_FOUND if it is
 * missing. */
int quilt_dir_open (int dir_fd, const char *name, GError **error);

/* Removes dir_fd/name and everything below it. Follows no links and crosses no mount points. It
 * is not an error if the file is missing. The depth is limited only by memory, not by the stack or
 * PATH_MAX. */
gboolean quilt_tree_remove (int dir_fd, const char *name, GError **error);
