/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images by what the user typed: a name, a digest, or an archive that becomes one. */
#pragma once

#include "ctl/ctl.h"

/* Whether an image is meant to be read from a file: it begins with "/", "./" or "../". */
gboolean quilt_image_is_path (const char *image);

/* Imports the archive at path ("-": standard input) under name ("": none), showing progress on a
 * terminal, and waits until it is done. A signal to end cancels it. ret_existed (may be NULL): its
 * content was there already. The digest, owned by the caller. */
char *quilt_image_import (
    QuiltCtl *ctl, const char *path, const char *name, gboolean *ret_existed, GError **error);

/* What to call the image of run and create: image as it is, or the digest of the archive there.
 * Owned by the caller. */
char *quilt_image_resolve (QuiltCtl *ctl, const char *image, GError **error);
