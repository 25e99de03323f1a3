/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of an archive, decompressed in a thread. */
#include "transfer/input.h"

#include "base/error.h"
#include "transfer/decoder.h"
#include "transfer/ring.h"
#include "transfer/source.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

/* Small enough for the second-level cache of a core, and large enough that the threads rarely have
 * to wake each other. */
#define BLOCK_SIZE (256 * 1024)
#define N_BLOCKS 16

struct _QuiltInput {
  guint64 max_bytes;
  QuiltControl *control;
  QuiltSource *source;
  GThread *thread;
  QuiltRing *ring;
  gboolean ended;    /* the reader has reached the end */
  gboolean unwanted; /* the thread has learned that the reader wants no more */
  GError *error;     /* owned by the thread until it is joined */

  const guint8 *buffer; /* raw input */
  gsize buffered;
  gboolean unread; /* the buffer was filled before the decompressor asked */
  guint64 raw;     /* bytes read in all */
  guint64 zeros;   /* zeros at the end of these bytes */
  guint64 plain;   /* bytes passed to the reader */
  gboolean compressed;
  int read_errno;
};

/* Each filter by name, never _all: other compressions must be refused. If libarchive lacks a
 * library, it would execute a program instead, which it reports by ARCHIVE_WARN. */
static int (*const filters[]) (struct archive *) = {
    archive_read_support_filter_gzip,
    archive_read_support_filter_xz,
    archive_read_support_filter_bzip2,
};

static void
count_zeros (QuiltInput *input, const guint8 *data, gsize length)
{
  gsize n = length;

  while (n > 0 && data[n - 1] == 0)
    n--;
  input->zeros = n == 0 ? input->zeros + length : length - n;
}

/* Reads raw bytes. The buffer may contain bytes that were read ahead. */
static gssize
read_raw (QuiltInput *input)
{
  gssize n;

  if (input->unread) {
    input->unread = FALSE;
    return (gssize)input->buffered;
  }
  n = quilt_source_next (input->source, &input->buffer);
  if (n < 0)
    input->read_errno = errno;
  if (n <= 0)
    return n;
  count_zeros (input, input->buffer, (gsize)n);
  input->buffered = (gsize)n;
  input->raw += (guint64)n;
  return n;
}

/* Reads ahead as many bytes as are needed to recognize the compression. */
static gboolean
read_start (QuiltInput *input)
{
  gssize n = read_raw (input);

  input->unread = n > 0;
  return n >= 0;
}

static la_ssize_t
on_read (struct archive *archive, void *data, const void **ret_buffer)
{
  QuiltInput *input = data;
  gssize n = read_raw (input);

  if (n < 0)
    archive_set_error (archive, input->read_errno, "Failed to read");
  *ret_buffer = input->buffer;
  return n;
}

/* text is the message of the decompressor, or NULL. */
static gboolean
set_read_error (QuiltInput *input, const char *text, GError **error)
{
  if (input->read_errno == ECANCELED)
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_CANCELLED,
                         "Failed to read the archive: cancelled");
  else if (input->read_errno == EBADF)
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                         "Failed to read the archive: the descriptor is not open for reading");
  else if (input->read_errno)
    quilt_set_error_errno (error, input->read_errno, "Failed to read the archive");
  else
    g_set_error (
        error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE,
        "Failed to decompress the archive: it is damaged or cut off after %" G_GUINT64_FORMAT
        " bytes (%s); get it again",
        input->raw, text ? text : "no details are known");
  return FALSE;
}

/* Reads what follows the compressed data, which ended `used` bytes into the input. Zeros pad a
 * tape. Other bytes are refused, since a person who inspects the image would not see them. */
static gboolean
read_rest (QuiltInput *input, guint64 used, GError **error)
{
  gssize n = 1;

  while (n > 0 && used + input->zeros >= input->raw)
    n = read_raw (input);
  if (n < 0)
    return set_read_error (input, NULL, error);
  if (n == 0)
    return TRUE;
  g_set_error (
      error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE,
      "Failed to decompress the archive: other data follows its end at byte %" G_GUINT64_FORMAT,
      used);
  return FALSE;
}

/* Passes n plain bytes to the reader. The decompressor has written them to the ring's block. */
static gboolean
deliver (QuiltInput *input, gsize n, GError **error)
{
  input->plain += n;
  if (input->plain > input->max_bytes) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_QUOTA_EXCEEDED,
                 "Failed to unpack the archive: it holds more than the %" G_GUINT64_FORMAT
                 " bytes allowed",
                 input->max_bytes);
    return FALSE;
  }
  if (n > 0)
    quilt_ring_push (input->ring, n);
  return TRUE;
}

/* Fills one block of the ring with plain bytes. Returns their number; 0 at the end, -1 with an
 * error. */
typedef gssize (*ReadFunc) (QuiltInput *input, gpointer source, guint8 *block, GError **error);

static gboolean
pump (QuiltInput *input, ReadFunc read, gpointer source, GError **error)
{
  gssize n;

  do {
    guint8 *block = quilt_ring_fill (input->ring);

    if (!block) {
      input->unwanted = TRUE;
      return TRUE;
    }
    n = read (input, source, block, error);
    if (n < 0 || !deliver (input, (gsize)n, error))
      return FALSE;
  } while (n > 0);
  return TRUE;
}

typedef struct {
  const QuiltDecoder *decoder;
  gpointer self;
} Parts;

static gssize
read_part (QuiltInput *input, gpointer source, guint8 *block, GError **error)
{
  const Parts *parts = source;
  const QuiltDecoder *decoder = parts->decoder;
  g_autofree char *incomplete = NULL;
  const char *text = NULL;
  gssize n = 0;

  while (n == 0 && !decoder->is_over (parts->self)) {
    if (decoder->wants_input (parts->self)) {
      n = read_raw (input);
      if (n <= 0)
        break;
      decoder->feed (parts->self, input->buffer, (gsize)n);
      n = 0;
    }
    if (!decoder->is_over (parts->self))
      n = decoder->read (parts->self, block, BLOCK_SIZE, &text);
  }
  if (n > 0 || (n == 0 && decoder->is_complete (parts->self)))
    return n;
  incomplete = g_strdup_printf ("a %s is incomplete", decoder->part);
  set_read_error (input, text ? text : incomplete, error);
  return -1;
}

static gboolean
read_parts (QuiltInput *input, const QuiltDecoder *decoder, GError **error)
{
  Parts parts = {decoder, decoder->create ()};
  gboolean ok;

  if (!parts.self) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "Failed to decompress the archive: no memory for a %s", decoder->part);
    return FALSE;
  }
  input->compressed = TRUE;
  ok = pump (input, read_part, &parts, error) &&
       (input->unwanted || read_rest (input, decoder->get_used (parts.self), error));
  decoder->destroy (parts.self);
  return ok;
}

static gssize
read_archive (QuiltInput *input, gpointer source, guint8 *block, GError **error)
{
  struct archive *archive = source;
  la_ssize_t n = archive_read_data (archive, block, BLOCK_SIZE);

  if (n < 0)
    set_read_error (input, archive_error_string (archive), error);
  return n < 0 ? -1 : (gssize)n;
}

static gboolean
read_stream (QuiltInput *input, struct archive *archive, GError **error)
{
  struct archive_entry *entry;
  int r = archive_read_open (archive, input, NULL, on_read, NULL);

  if (r == ARCHIVE_OK)
    r = archive_read_next_header (archive, &entry);
  if (r != ARCHIVE_OK && r != ARCHIVE_EOF)
    return set_read_error (input, archive_error_string (archive), error);
  if (r == ARCHIVE_OK && archive_filter_count (archive) > 2) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE,
                         "Failed to decompress the archive: it is compressed more than once");
    return FALSE;
  }
  input->compressed = r == ARCHIVE_OK && archive_filter_count (archive) > 1;
  if (r == ARCHIVE_OK && !pump (input, read_archive, archive, error))
    return FALSE;
  return input->unwanted || read_rest (input, (guint64)archive_filter_bytes (archive, -1), error);
}

static gboolean
read_by_libarchive (QuiltInput *input, GError **error)
{
  struct archive *archive = archive_read_new ();
  gboolean ok = TRUE;

  for (guint i = 0; ok && i < G_N_ELEMENTS (filters); i++)
    ok = filters[i](archive) == ARCHIVE_OK;
  archive_read_support_format_raw (archive);
  archive_read_support_format_empty (archive);
  if (ok)
    ok = read_stream (input, archive, error);
  else
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                         "Failed to read the archive: libarchive was built without a decompressor");
  archive_read_free (archive);
  return ok;
}

static gboolean
read_all (QuiltInput *input, GError **error)
{
  const QuiltDecoder *const decoders[] = {&quilt_decoder_zstd, quilt_decoder_gzip ()};

  if (!read_start (input))
    return set_read_error (input, NULL, error);
  for (guint i = 0; i < G_N_ELEMENTS (decoders); i++)
    if (input->buffered >= QUILT_DECODER_START && decoders[i] &&
        decoders[i]->begins (input->buffer))
      return read_parts (input, decoders[i], error);
  return read_by_libarchive (input, error);
}

static gpointer
input_thread (gpointer data)
{
  QuiltInput *input = data;

  read_all (input, &input->error);
  if (!input->unwanted && quilt_ring_fill (input->ring))
    quilt_ring_push (input->ring, 0);
  return NULL;
}

QuiltInput *
quilt_input_new (int fd, guint64 max_bytes, QuiltControl *control, GError **error)
{
  g_autoptr (QuiltInput) input = g_new0 (QuiltInput, 1);

  input->max_bytes = max_bytes;
  input->control = control;
  input->source = quilt_source_new (fd, control, error);
  if (!input->source)
    return NULL;
  input->ring = quilt_ring_new (N_BLOCKS, BLOCK_SIZE);
  input->thread = g_thread_try_new ("input", input_thread, input, error);
  return input->thread ? g_steal_pointer (&input) : NULL;
}

gsize
quilt_input_next (QuiltInput *input, const guint8 **ret_data)
{
  gsize length = quilt_ring_take (input->ring, ret_data);

  input->ended = length == 0;
  return length;
}

static void
join (QuiltInput *input)
{
  if (!input->thread)
    return;
  /* The thread may be waiting for input, so cancel it. */
  if (!input->ended)
    quilt_control_cancel (input->control);
  quilt_ring_close (input->ring);
  g_thread_join (g_steal_pointer (&input->thread));
}

gboolean
quilt_input_is_compressed (const QuiltInput *input)
{
  return input->compressed;
}

gboolean
quilt_input_finish (QuiltInput *input, char **ret_digest, GError **error)
{
  join (input);
  if (input->error) {
    g_propagate_error (error, g_steal_pointer (&input->error));
    return FALSE;
  }
  if (!input->unwanted)
    *ret_digest = quilt_source_digest (input->source);
  return TRUE;
}

void
quilt_input_free (QuiltInput *input)
{
  if (!input)
    return;
  join (input);
  quilt_source_free (input->source);
  g_clear_pointer (&input->ring, quilt_ring_free);
  g_clear_error (&input->error);
  g_free (input);
}
