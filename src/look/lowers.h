/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One directory of a container's image, in all layers that have it: overlayfs.rst of the kernel. */
#pragma once

#include <glib.h>
#include <sys/stat.h>

/* The attributes that overlayfs has set: "user." in a container with its own user namespace, else
 * "trusted.". */
typedef struct {
  const char *opaque;
  const char *redirect;
} QuiltOverlayAttributes;

extern const QuiltOverlayAttributes quilt_overlay_user, quilt_overlay_trusted;

/* Whether the open directory hides those of the same name in lower layers. */
gboolean quilt_overlay_is_opaque (int dir_fd, const QuiltOverlayAttributes *attributes);
/* Whether the open directory was renamed, so that what is below it has another name in lower
 * layers. */
gboolean quilt_overlay_is_redirected (int dir_fd, const QuiltOverlayAttributes *attributes);
/* Whether the entry hides one of lower layers. */
gboolean quilt_overlay_is_whiteout (const struct stat *st);

/* An array of descriptors, which owns them: the directory in each layer, the uppermost first. */
GArray *quilt_lowers_new (void);

/* Finds an entry of the directory. Follows no links. *ret_below, if the entry is a directory: that
 * directory in all layers that the merged one has, else NULL. Returns FALSE with errno 0 if there
 * is no such entry, or with another errno if it can't be read. */
gboolean quilt_lowers_find (const GArray *lowers,
                            const char *name,
                            const QuiltOverlayAttributes *attributes,
                            struct stat *ret_st,
                            GArray **ret_below);

/* Resolves path as a process in the root that lowers is would, also if its last parts are missing.
 * Returns an absolute path without links, "." and "..", owned by the caller; NULL if there are too
 * many links. */
char *quilt_lowers_resolve (const GArray *lowers, const char *path);
