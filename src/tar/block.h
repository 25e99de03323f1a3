/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The block of a header, as POSIX.1-2001 lays it out. */
#pragma once

#include <glib.h>

#define QUILT_TAR_BLOCK 512

typedef struct {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
  char type;
  char target[100], magic[8], user[32], group[32], major[8], minor[8], prefix[155], rest[12];
} QuiltTarBlock;
G_STATIC_ASSERT (sizeof (QuiltTarBlock) == QUILT_TAR_BLOCK);

#define QUILT_TAR_XATTR_KEY "SCHILY.xattr."

/* The sum of the bytes, in which those of the checksum count as blanks. */
static inline guint
quilt_tar_block_sum (const QuiltTarBlock *block)
{
  const guint8 *bytes = (const guint8 *)block;
  guint sum = sizeof block->checksum * ' ';

  for (gsize i = 0; i < sizeof *block; i++)
    if (i < G_STRUCT_OFFSET (QuiltTarBlock, checksum) || i >= G_STRUCT_OFFSET (QuiltTarBlock, type))
      sum += bytes[i];
  return sum;
}
