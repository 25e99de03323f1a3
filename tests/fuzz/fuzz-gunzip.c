/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes the decompression of gzip by ISA-L, with input and output in pieces: what zlib takes, it
 * takes too, and gives the same bytes. The first three bytes choose the pieces, and whether the
 * rest is gzip or only the data of a member, to which header and checksum are added. */
#include "fuzz.h"

#include "base/fd.h"
#include "transfer/decoder.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/mman.h>

#define PLAIN_MAX (1 << 20)
#define PIECE_MAX 4096

/* Memory behind which every access crashes: sanitizers don't see those of ISA-L's assembler. */
static guint8 *
map_guarded (gsize size)
{
  guint8 *start =
      mmap (NULL, size + PIECE_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  FUZZ_CHECK (start != MAP_FAILED);
  FUZZ_CHECK (mprotect (start + size, PIECE_MAX, PROT_NONE) == 0);
  return start;
}

static void
unmap_guarded (guint8 *start, gsize size)
{
  munmap (start, size + PIECE_MAX);
}

/* Decompresses one stream by zlib. Its length in data; 0 if it is damaged, incomplete or large. */
static gsize
inflate_by_zlib (GZlibCompressorFormat format, const guint8 *data, gsize size, GByteArray *plain)
{
  g_autoptr (GZlibDecompressor) zlib = g_zlib_decompressor_new (format);
  GConverterResult result = G_CONVERTER_CONVERTED;
  gsize used = 0;

  while (result == G_CONVERTER_CONVERTED && plain->len < PLAIN_MAX) {
    guint8 buffer[PIECE_MAX];
    gsize n_read = 0;
    gsize n_written = 0;

    result =
        g_converter_convert (G_CONVERTER (zlib), data + used, size - used, buffer, sizeof buffer,
                             G_CONVERTER_INPUT_AT_END, &n_read, &n_written, NULL);
    if (result == G_CONVERTER_ERROR)
      break;
    used += n_read;
    g_byte_array_append (plain, buffer, (guint)n_written);
  }
  return result == G_CONVERTER_FINISHED ? used : 0;
}

static void
append_le32 (GByteArray *array, guint32 value)
{
  guint8 bytes[] = {value & 0xff, value >> 8 & 0xff, value >> 16 & 0xff, value >> 24};

  g_byte_array_append (array, bytes, sizeof bytes);
}

static guint32
crc32_of (const guint8 *data, gsize size)
{
  guint32 crc = ~0U;

  for (gsize i = 0; i < size; i++) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

/* A member of the deflated data, if zlib takes it. Mutations never get a checksum right. */
static GByteArray *
make_member (const guint8 *data, gsize size, GByteArray *plain)
{
  static const guint8 header[10] = {0x1f, 0x8b, 8};
  gsize used = inflate_by_zlib (G_ZLIB_COMPRESSOR_FORMAT_RAW, data, size, plain);
  GByteArray *member = g_byte_array_new ();

  g_byte_array_append (member, header, sizeof header);
  g_byte_array_append (member, data, (guint)(used > 0 ? used : size));
  if (used > 0) {
    append_le32 (member, crc32_of (plain->data, plain->len));
    append_le32 (member, plain->len);
  } else {
    g_byte_array_set_size (plain, 0);
  }
  return member;
}

typedef struct {
  guint8 *in, *out; /* guarded */
  gsize in_piece, out_piece;
} Pieces;

/* Whether data is a whole stream. */
static gboolean
decode (const QuiltDecoder *decoder,
        const Pieces *pieces,
        const guint8 *data,
        gsize size,
        GByteArray *plain)
{
  gpointer self = decoder->create ();
  const char *text = NULL;
  gssize n = 0;
  gboolean whole;

  while (n >= 0 && plain->len < 2 * PLAIN_MAX && !decoder->is_over (self)) {
    if (decoder->wants_input (self)) {
      gsize length = MIN (size, pieces->in_piece);

      if (length == 0)
        break;
      memcpy (pieces->in + PIECE_MAX - length, data, length);
      decoder->feed (self, pieces->in + PIECE_MAX - length, length);
      data += length;
      size -= length;
    }
    n = decoder->read (self, pieces->out + PIECE_MAX - pieces->out_piece, pieces->out_piece, &text);
    if (n > 0)
      g_byte_array_append (plain, pieces->out + PIECE_MAX - pieces->out_piece, (guint)n);
  }
  FUZZ_CHECK ((n < 0) == (text != NULL));
  whole = n >= 0 && size == 0 && decoder->is_complete (self) && !decoder->is_over (self);
  decoder->destroy (self);
  return whole;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const QuiltDecoder *decoder = quilt_decoder_gzip ();
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  g_autoptr (GByteArray) plain = g_byte_array_new ();
  g_autoptr (GByteArray) stream = NULL;
  Pieces pieces;
  gsize used;

  if (!decoder || size < 3 + QUILT_DECODER_START)
    return 0;
  if (data[2] & 1) {
    stream = make_member (data + 3, size - 3, expected);
  } else {
    stream = g_byte_array_new ();
    g_byte_array_append (stream, data + 3, (guint)(size - 3));
  }
  g_byte_array_set_size (expected, 0);
  used = inflate_by_zlib (G_ZLIB_COMPRESSOR_FORMAT_GZIP, stream->data, stream->len, expected);
  pieces = (Pieces){map_guarded (PIECE_MAX), map_guarded (PIECE_MAX), MIN (1 + data[0] * 16, 4096),
                    MIN (1 + data[1] * 16, 4096)};
  if (decode (decoder, &pieces, stream->data, used > 0 ? used : stream->len, plain))
    FUZZ_CHECK (used == 0 || (plain->len == expected->len &&
                              memcmp (plain->data, expected->data, plain->len) == 0));
  else
    FUZZ_CHECK (used == 0);
  unmap_guarded (pieces.in, PIECE_MAX);
  unmap_guarded (pieces.out, PIECE_MAX);
  return 0;
}
