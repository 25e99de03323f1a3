/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decompresses a sequence of gzip members with ISA-L, which takes a quarter of zlib's time. */
#include "transfer/decoder.h"

#include <isa-l/igzip_lib.h>
#include <string.h>

/* ISA-L reads ahead by up to this many bytes, which it does not give back. */
#define AHEAD_MAX 8

typedef enum {
  STAGE_START,  /* at the first bytes of a member, or after the last member */
  STAGE_HEADER, /* in the rest of a member's header */
  STAGE_DATA,   /* in a member's data or trailer */
  STAGE_OVER,   /* after the last member */
} Stage;

typedef struct {
  struct inflate_state state;
  struct isal_gzip_header header;
  Stage stage;
  guint8 start[QUILT_DECODER_START];
  guint n_start;           /* number of bytes of a member's start that were read */
  guint8 ahead[AHEAD_MAX]; /* bytes after the last member that ISA-L has already read */
  guint n_ahead;
  const guint8 *data; /* input after those bytes that was not read yet */
  gsize length;
  guint64 taken; /* bytes of input that are in no buffer here */
  guint64 used;  /* bytes of complete members */
  gboolean full; /* the last buffer was filled: more may come without input */
} Gunzip;

/* Whether the method is deflate and all flags are known. */
static gboolean
gunzip_begins (const guint8 *data)
{
  return data[0] == 0x1f && data[1] == 0x8b && data[2] == 8 && (data[3] & 0xe0) == 0;
}

/* Whether n bytes may begin a member. */
static gboolean
may_begin (const guint8 *data, guint n)
{
  guint8 start[QUILT_DECODER_START] = {0x1f, 0x8b, 8, 0};

  memcpy (start, data, n);
  return gunzip_begins (start);
}

static gpointer
gunzip_new (void)
{
  return g_try_new0 (Gunzip, 1);
}

static gboolean
gunzip_wants_input (gconstpointer self)
{
  const Gunzip *gunzip = self;

  return gunzip->length == 0 && gunzip->n_ahead == 0 && !gunzip->full;
}

static void
gunzip_feed (gpointer self, const guint8 *data, gsize length)
{
  Gunzip *gunzip = self;

  gunzip->data = data;
  gunzip->length = length;
}

static guint8
take_byte (Gunzip *gunzip)
{
  guint8 byte;

  gunzip->taken++;
  if (gunzip->n_ahead > 0) {
    byte = gunzip->ahead[0];
    memmove (gunzip->ahead, gunzip->ahead + 1, --gunzip->n_ahead);
    return byte;
  }
  gunzip->length--;
  return *gunzip->data++;
}

static void
begin_member (Gunzip *gunzip)
{
  isal_inflate_init (&gunzip->state);
  isal_gzip_header_init (&gunzip->header);
  /* Parse the header separately: isal_inflate() forgets a partial header between two calls. */
  gunzip->state.crc_flag = ISAL_GZIP_NO_HDR_VER;
  gunzip->stage = STAGE_HEADER;
  gunzip->state.next_in = gunzip->start;
  gunzip->state.avail_in = gunzip->n_start;
  isal_read_gzip_header (&gunzip->state, &gunzip->header);
}

static gboolean
read_start (Gunzip *gunzip, const char **ret_error)
{
  while (gunzip->length > 0 || gunzip->n_ahead > 0) {
    gunzip->start[gunzip->n_start++] = take_byte (gunzip);
    if (!may_begin (gunzip->start, gunzip->n_start)) {
      gunzip->stage = STAGE_OVER;
      return TRUE;
    }
    if (gunzip->n_start == sizeof gunzip->start) {
      begin_member (gunzip);
      return TRUE;
    }
  }
  return TRUE;
}

/* Points ISA-L to its input: to the bytes that it has read ahead, or to the caller's. */
static guint
lend_input (Gunzip *gunzip)
{
  gunzip->state.next_in = gunzip->n_ahead > 0 ? gunzip->ahead : (guint8 *)gunzip->data;
  gunzip->state.avail_in =
      gunzip->n_ahead > 0 ? gunzip->n_ahead : (guint32)MIN (gunzip->length, G_MAXINT32);
  return gunzip->state.avail_in;
}

/* Counts how many of the n bytes ISA-L has used. */
static guint
count_input (Gunzip *gunzip, guint n)
{
  guint taken = n - gunzip->state.avail_in;

  gunzip->taken += taken;
  if (gunzip->n_ahead > 0) {
    gunzip->n_ahead -= taken;
    memmove (gunzip->ahead, gunzip->ahead + taken, gunzip->n_ahead);
  } else {
    gunzip->data += taken;
    gunzip->length -= taken;
  }
  return taken;
}

static gboolean
read_header (Gunzip *gunzip, const char **ret_error)
{
  guint n = lend_input (gunzip);
  int r = isal_read_gzip_header (&gunzip->state, &gunzip->header);

  if (count_input (gunzip, n) > 0 && r == ISAL_END_INPUT)
    return TRUE;
  if (r != ISAL_DECOMP_OK) {
    *ret_error = "the header of a gzip member is invalid";
    return FALSE;
  }
  gunzip->stage = STAGE_DATA;
  return TRUE;
}

/* Takes back the whole bytes after the trailer that ISA-L has read. They may come from input that
 * the caller has replaced since. */
static void
end_member (Gunzip *gunzip)
{
  guint n = (guint)gunzip->state.read_in_length / 8;
  guint64 bits = gunzip->state.read_in >> gunzip->state.read_in_length % 8;
  guint8 ahead[AHEAD_MAX];

  g_assert (n + gunzip->n_ahead <=
            AHEAD_MAX); /* a member is never shorter than the bytes read ahead */
  for (guint i = 0; i < n; i++, bits >>= 8)
    ahead[i] = (guint8)bits;
  memmove (gunzip->ahead + n, gunzip->ahead, gunzip->n_ahead);
  memcpy (gunzip->ahead, ahead, n);
  gunzip->n_ahead += n;
  gunzip->taken -= n;
  gunzip->used = gunzip->taken;
  gunzip->n_start = 0;
  gunzip->stage = STAGE_START;
}

static gssize
inflate_data (Gunzip *gunzip, guint8 *buffer, guint size, const char **ret_error)
{
  guint n = lend_input (gunzip);
  guint produced;
  int r;

  gunzip->state.next_out = buffer;
  gunzip->state.avail_out = size;
  r = isal_inflate (&gunzip->state);
  produced = size - gunzip->state.avail_out;
  if (r != ISAL_DECOMP_OK) {
    *ret_error = r == ISAL_INCORRECT_CHECKSUM ? "the checksum of a gzip member is wrong"
                                              : "the data of a gzip member is invalid";
    return -1;
  }
  gunzip->full = FALSE;
  if (count_input (gunzip, n) == 0 && n > 0 && produced == 0 &&
      gunzip->state.block_state != ISAL_BLOCK_FINISH) {
    *ret_error =
        "the data of a gzip member is invalid: it decompresses to nothing and does not end";
    return -1;
  }
  if (gunzip->state.block_state == ISAL_BLOCK_FINISH)
    end_member (gunzip);
  else
    gunzip->full = produced == size;
  return produced;
}

static gssize
gunzip_read (gpointer self, guint8 *buffer, gsize size, const char **ret_error)
{
  Gunzip *gunzip = self;
  gssize n = 0;

  while (n == 0 && gunzip->stage != STAGE_OVER && !gunzip_wants_input (gunzip)) {
    if (gunzip->stage == STAGE_DATA)
      n = inflate_data (gunzip, buffer, (guint)MIN (size, G_MAXINT32), ret_error);
    else if (!(gunzip->stage == STAGE_START ? read_start : read_header) (gunzip, ret_error))
      n = -1;
  }
  return n;
}

static gboolean
gunzip_is_complete (gconstpointer self)
{
  const Gunzip *gunzip = self;

  return gunzip->stage == STAGE_START || gunzip->stage == STAGE_OVER;
}

static gboolean
gunzip_is_over (gconstpointer self)
{
  const Gunzip *gunzip = self;

  return gunzip->stage == STAGE_OVER;
}

static guint64
gunzip_get_used (gconstpointer self)
{
  const Gunzip *gunzip = self;

  return gunzip->used;
}

const QuiltDecoder *
quilt_decoder_gzip (void)
{
  static const QuiltDecoder decoder = {
      .part = "gzip member",
      .begins = gunzip_begins,
      .create = gunzip_new,
      .destroy = g_free,
      .wants_input = gunzip_wants_input,
      .feed = gunzip_feed,
      .read = gunzip_read,
      .is_complete = gunzip_is_complete,
      .is_over = gunzip_is_over,
      .get_used = gunzip_get_used,
  };

  return &decoder;
}
