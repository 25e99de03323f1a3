/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recognizes files that are not root file system archives. */
#pragma once

#include <glib.h>

#define QUILT_KIND_BYTES 512

/* Sets BAD_ARCHIVE. The message says what the first bytes look like, and which archives are
 * accepted. Returns FALSE. */
gboolean quilt_kind_set_error (const guint8 *start, gsize length, GError **error);

/* Whether the tree unpacked into root_fd is a root file system. If it is an image in OCI's or
 * docker's layout, returns FALSE and sets BAD_ARCHIVE. */
gboolean quilt_kind_check_tree (int root_fd, GError **error);

/* Whether root_fd contains only one directory, which looks like a root file system. */
gboolean quilt_kind_is_nested (int root_fd);
