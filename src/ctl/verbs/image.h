/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images by what the user typed: a name, a digest, or an archive that becomes one. */
#pragma once

#include "ctl/ctl.h"

/* Whether an image is meant to be read from a file: it begins with "/", "./" or "../". */
gboolean quilt_image_is_path (const char *image);

/* What became of an archive. */
typedef struct {
  char *digest;
  gboolean existed;   /* its content was there already */
  gboolean nested;    /* all files are below one directory, which looks like the root itself */
  GVariant *left_out; /* a{st}: what the image does not have, by kind; NULL: not told */
} QuiltImported;

void quilt_imported_clear (QuiltImported *imported);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltImported, quilt_imported_clear)

/* Imports the archive at path ("-": standard input) under name ("": none) with the options of
 * ImportImage (floating or NULL), showing progress on a terminal, and waits until it is done. A
 * signal to end cancels it. Warns of what was left out. The result is the caller's to clear. */
gboolean quilt_image_import (QuiltCtl *ctl,
                             const char *path,
                             const char *name,
                             GVariant *options,
                             QuiltImported *ret_imported,
                             GError **error);

/* What to call the image of run and create: image as it is, or the digest of the archive there.
 * Owned by the caller. */
char *quilt_image_resolve (QuiltCtl *ctl, const char *image, GError **error);
