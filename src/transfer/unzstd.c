/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decompresses zstd frames that follow each other. libarchive's own filter takes zeros that pad the
 * archive for a damaged frame, and then loses the end of the frame before them. */
#include "transfer/unzstd.h"

#include <zstd.h>

struct _QuiltZstd {
  ZSTD_DStream *stream;
  ZSTD_inBuffer in;
  gboolean in_frame;
  gboolean full; /* the last buffer was filled: more may come without input */
};

gboolean
quilt_zstd_is_frame (const guint8 *data)
{
  guint32 magic = data[0] | (guint32)data[1] << 8 | (guint32)data[2] << 16 | (guint32)data[3] << 24;

  return magic == ZSTD_MAGICNUMBER ||
         (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

QuiltZstd *
quilt_zstd_new (void)
{
  g_autoptr (QuiltZstd) zstd = g_new0 (QuiltZstd, 1);

  zstd->stream = ZSTD_createDStream ();
  return zstd->stream ? g_steal_pointer (&zstd) : NULL;
}

void
quilt_zstd_free (QuiltZstd *zstd)
{
  if (!zstd)
    return;
  ZSTD_freeDStream (zstd->stream);
  g_free (zstd);
}

gboolean
quilt_zstd_wants_input (const QuiltZstd *zstd)
{
  return zstd->in.pos == zstd->in.size && !zstd->full;
}

void
quilt_zstd_feed (QuiltZstd *zstd, const guint8 *data, gsize length)
{
  zstd->in = (ZSTD_inBuffer){data, length, 0};
}

gssize
quilt_zstd_read (QuiltZstd *zstd, guint8 *buffer, gsize size, const char **ret_error)
{
  ZSTD_outBuffer out = {buffer, size, 0};
  size_t left = ZSTD_decompressStream (zstd->stream, &out, &zstd->in);

  if (ZSTD_isError (left)) {
    *ret_error = ZSTD_getErrorName (left);
    return -1;
  }
  zstd->in_frame = left > 0;
  zstd->full = zstd->in_frame && out.pos == out.size;
  return (gssize)out.pos;
}

gboolean
quilt_zstd_is_complete (const QuiltZstd *zstd)
{
  return !zstd->in_frame;
}

gboolean
quilt_zstd_is_padding (const QuiltZstd *zstd, gsize *ret_length)
{
  const guint8 *data = zstd->in.src;

  *ret_length = zstd->in.size - zstd->in.pos;
  return !zstd->in_frame && *ret_length > 0 && data[zstd->in.pos] == 0;
}
