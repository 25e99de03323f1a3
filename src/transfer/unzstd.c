/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decompresses a sequence of zstd frames. */
#include "transfer/decoder.h"

#include <zstd.h>

typedef struct {
  ZSTD_DStream *stream;
  ZSTD_inBuffer in;
  guint64 fed; /* bytes */
  gboolean in_frame;
  gboolean full; /* the last buffer was filled: more output may come without more input */
} Zstd;

static gboolean
zstd_begins (const guint8 *data)
{
  guint32 magic = data[0] | (guint32)data[1] << 8 | (guint32)data[2] << 16 | (guint32)data[3] << 24;

  return magic == ZSTD_MAGICNUMBER ||
         (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

static gpointer
zstd_new (void)
{
  g_autofree Zstd *zstd = g_new0 (Zstd, 1);

  zstd->stream = ZSTD_createDStream ();
  return zstd->stream ? g_steal_pointer (&zstd) : NULL;
}

static void
zstd_free (gpointer self)
{
  Zstd *zstd = self;

  ZSTD_freeDStream (zstd->stream);
  g_free (zstd);
}

static gboolean
zstd_wants_input (gconstpointer self)
{
  const Zstd *zstd = self;

  return zstd->in.pos == zstd->in.size && !zstd->full;
}

static void
zstd_feed (gpointer self, const guint8 *data, gsize length)
{
  Zstd *zstd = self;

  zstd->in = (ZSTD_inBuffer){data, length, 0};
  zstd->fed += length;
}

static gssize
zstd_read (gpointer self, guint8 *buffer, gsize size, const char **ret_error)
{
  Zstd *zstd = self;
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

static gboolean
zstd_is_complete (gconstpointer self)
{
  const Zstd *zstd = self;

  return !zstd->in_frame;
}

static gboolean
zstd_is_over (gconstpointer self)
{
  const Zstd *zstd = self;
  const guint8 *data = zstd->in.src;

  return !zstd->in_frame && zstd->in.pos < zstd->in.size && data[zstd->in.pos] == 0;
}

static guint64
zstd_get_used (gconstpointer self)
{
  const Zstd *zstd = self;

  return zstd->fed - (zstd->in.size - zstd->in.pos);
}

const QuiltDecoder quilt_decoder_zstd = {
    .part = "zstd frame",
    .begins = zstd_begins,
    .create = zstd_new,
    .destroy = zstd_free,
    .wants_input = zstd_wants_input,
    .feed = zstd_feed,
    .read = zstd_read,
    .is_complete = zstd_is_complete,
    .is_over = zstd_is_over,
    .get_used = zstd_get_used,
};
