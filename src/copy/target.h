/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the file that a path in the container means. */
#pragma once

#include <glib.h>
#include <sys/stat.h>

/* A file as its directory and its name there, so that what is done to the name can't reach another
 * directory. */
typedef struct {
  int parent_fd;
  char *name; /* "." for a directory that has no other name here */
  struct stat st;
  gboolean exists;
  gboolean is_directory;      /* it exists as one */
  gboolean must_be_directory; /* the path ends with a slash or "." */
} QuiltCopyTarget;

void quilt_copy_target_clear (QuiltCopyTarget *target);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltCopyTarget, quilt_copy_target_clear)

/* Finds path with root_fd as the root directory, and follows all links in it, also those of its
 * last component. The last component may be missing; NOT_FOUND if its directory is missing.
 * Other errors: INVALID_ARGUMENT, FAILED. */
gboolean
quilt_copy_target_find (int root_fd, const char *path, QuiltCopyTarget *ret_target, GError **error);

/* Sets NOT_FOUND for path. Returns FALSE. */
gboolean quilt_copy_target_set_missing (const char *path, GError **error);
