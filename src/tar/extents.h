/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of a file that have data, between its holes. A container can make a file of many
 * gigabytes of holes at no cost, so neither reading nor hashing it may cost time. */
#pragma once

#include <glib.h>

typedef struct {
  guint64 start, end;
} QuiltExtent;

/* Finds the next extent of the file fd from `at` on, within its first size bytes. If there is no
 * more data, also because the file has shrunk, both members are size. Returns FALSE with errno
 * set. */
gboolean quilt_extent_find (int fd, guint64 at, guint64 size, QuiltExtent *ret_extent);

/* Finds all extents of the file. The last of very many extents has the holes behind it. Returns an
 * array of QuiltExtent, owned by the caller, or NULL with errno set. */
GArray *quilt_extents_find (int fd, guint64 size);

/* Whether the holes between the extents are so large that hashing them would take time. Pure. */
gboolean quilt_extents_are_sparse (const GArray *extents, guint64 size);

/* The bytes of all extents. Pure. */
guint64 quilt_extents_sum (const GArray *extents);

/* The map of the extents with which the data of a member of a tar archive begins in GNU's sparse
 * format 1.0, padded to whole blocks. Pure. Owned by the caller. */
GByteArray *quilt_extents_encode (const GArray *extents);
