/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resolves what the user typed for an image: a name, a digest, or an archive to import. */
#pragma once

#include "ctl/ctl.h"

/* Whether image names a file: it begins with "/", "./" or "../". */
gboolean quilt_image_is_path (const char *image);

/* The result of an import or a commit. */
typedef struct {
  char *digest;
  gboolean existed;   /* the store already had an image of this content */
  gboolean nested;    /* all files are below one directory, which looks like a root file system */
  GVariant *left_out; /* a{st}: what the image lacks, by kind; NULL: unknown */
} QuiltImported;

void quilt_imported_clear (QuiltImported *imported);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltImported, quilt_imported_clear)

/* Imports the archive at path ("-": stdin) under name ("": none) with options of ImportImage
 * (floating or NULL). Shows progress on a terminal, and waits for the end. A signal cancels the
 * import. Warns about parts that were left out. The caller clears the result. */
gboolean quilt_image_import (QuiltCtl *ctl,
                             const char *path,
                             const char *name,
                             GVariant *options,
                             QuiltImported *ret_imported,
                             GError **error);

/* Makes an image of a container, with options of CommitContainer (floating). As
 * quilt_image_import(). */
gboolean quilt_image_commit (QuiltCtl *ctl,
                             const char *container,
                             const char *name,
                             GVariant *options,
                             QuiltImported *ret_imported,
                             GError **error);

/* Returns the image to use for run and create: image itself, or the digest of the archive that it
 * names, which is imported. Owned by the caller. */
char *quilt_image_resolve (QuiltCtl *ctl, const char *image, GError **error);
