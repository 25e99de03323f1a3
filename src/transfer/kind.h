/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names the kind of a file that is not a root file system archive. */
#pragma once

#include <glib.h>

#define QUILT_KIND_BYTES 512

/* Sets BAD_ARCHIVE saying what the first bytes look like and which archives are taken. Returns
 * FALSE. */
gboolean quilt_kind_set_error (const guint8 *start, gsize length, GError **error);

/* Whether what was unpacked into root_fd is a root file system, not an archive of a whole image in
 * OCI's or docker's layout. FALSE sets BAD_ARCHIVE. */
gboolean quilt_kind_check_tree (int root_fd, GError **error);

/* Whether root_fd holds one directory alone, which looks like a root file system. */
gboolean quilt_kind_is_nested (int root_fd);
