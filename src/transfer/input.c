/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of an archive: hashed as they came, unpacked of a compression, in a thread. */
#include "transfer/input.h"

#include "base/error.h"
#include "store/digest.h"
#include "transfer/ring.h"
#include "transfer/unzstd.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

/* Small enough for the second-level cache of a core, large enough that waking each other costs
 * nothing. */
#define BLOCK_SIZE (256 * 1024)
#define N_BLOCKS 16

struct _QuiltInput {
  int fd;
  guint64 max_bytes;
  QuiltControl *control;
  GThread *thread;
  QuiltRing *ring;
  EVP_MD_CTX *hash;
  gboolean ended;    /* the reader has seen the end */
  gboolean unwanted; /* the thread was told that the reader wants no more */
  GError *error;     /* belongs to the thread until it is joined */

  guint8 buffer[BLOCK_SIZE]; /* raw input */
  gsize buffered;            /* bytes of the last read that gave some */
  gboolean unread;           /* the buffer was filled ahead of the decompressor */
  guint64 raw;               /* bytes read in all */
  guint64 zeros;             /* of these, zeros at the end */
  guint64 plain;             /* bytes that the reader got */
  gboolean compressed;
  int read_errno;
};

/* Each by name, never _all: what is not in this list is refused, and where libarchive lacks the
 * library it would execute a program, which it says by ARCHIVE_WARN. */
static int (*const filters[]) (struct archive *) = {
    archive_read_support_filter_gzip,
    archive_read_support_filter_xz,
    archive_read_support_filter_bzip2,
};

static char *
digest_new (EVP_MD_CTX *hash)
{
  guint8 bytes[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  GString *text = g_string_new (QUILT_DIGEST_PREFIX);

  EVP_DigestFinal_ex (hash, bytes, &length);
  for (unsigned int i = 0; i < length; i++)
    g_string_append_printf (text, "%02x", bytes[i]);
  return g_string_free (text, FALSE);
}

static void
count_zeros (QuiltInput *input, const guint8 *data, gsize length)
{
  gsize n = length;

  while (n > 0 && data[n - 1] == 0)
    n--;
  input->zeros = n == 0 ? input->zeros + length : length - n;
}

/* Reads raw bytes into the buffer, behind its first `at` bytes, and hashes them. At the end of the
 * input the buffer stays as it is. */
static gssize
read_raw_at (QuiltInput *input, gsize at)
{
  guint8 *data = input->buffer + at;
  gssize n = quilt_control_read (input->control, input->fd, data, sizeof input->buffer - at);

  if (n < 0) {
    input->read_errno = errno;
    return -1;
  }
  if (n == 0)
    return 0;
  EVP_DigestUpdate (input->hash, data, (gsize)n);
  count_zeros (input, data, (gsize)n);
  input->buffered = at + (gsize)n;
  input->raw += (guint64)n;
  quilt_control_set_consumed (input->control, input->raw);
  return n;
}

static gssize
read_raw (QuiltInput *input)
{
  if (input->unread) {
    input->unread = FALSE;
    return (gssize)input->buffered;
  }
  return read_raw_at (input, 0);
}

/* Reads until the buffer shows which compression the input has, or the input ends. */
static gboolean
read_start (QuiltInput *input)
{
  gssize n = 1;

  while (n > 0 && input->buffered < QUILT_ZSTD_MAGIC_BYTES)
    n = read_raw_at (input, input->buffered);
  input->unread = input->buffered > 0;
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

/* text is the decompressor's, or NULL. */
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
 * tape. Any other bytes would be hidden from a person who inspects the image. */
static gboolean
read_rest (QuiltInput *input, guint64 used, GError **error)
{
  gssize n = 1;

  while (n > 0 && used + input->zeros >= input->raw)
    n = read_raw_at (input, 0);
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

/* Hands n plain bytes to the reader: those that the decompressor put into the ring's block. */
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

/* Fills one block of the ring with plain bytes. Their number; 0 at the end, -1 with an error. */
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

static gssize
read_zstd (QuiltInput *input, gpointer source, guint8 *block, GError **error)
{
  QuiltZstd *zstd = source;
  const char *text = NULL;
  gssize n = 0;
  gsize padding;

  while (n == 0) {
    if (quilt_zstd_wants_input (zstd)) {
      n = read_raw (input);
      if (n == 0 && quilt_zstd_is_complete (zstd))
        return 0;
      if (n <= 0)
        break;
      quilt_zstd_feed (zstd, input->buffer, (gsize)n);
    }
    if (quilt_zstd_is_padding (zstd, &padding))
      return 0;
    n = quilt_zstd_read (zstd, block, BLOCK_SIZE, &text);
  }
  if (n <= 0) {
    set_read_error (input, text ? text : "a zstd frame is incomplete", error);
    return -1;
  }
  return n;
}

static gboolean
read_frames (QuiltInput *input, GError **error)
{
  g_autoptr (QuiltZstd) zstd = quilt_zstd_new ();
  gsize padding;

  if (!zstd) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                         "Failed to set up zstd: out of memory");
    return FALSE;
  }
  input->compressed = TRUE;
  if (!pump (input, read_zstd, zstd, error))
    return FALSE;
  quilt_zstd_is_padding (zstd, &padding);
  return input->unwanted || read_rest (input, input->raw - padding, error);
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
read_all (QuiltInput *input, GError **error)
{
  struct archive *archive;
  gboolean ok = TRUE;

  if (!read_start (input))
    return set_read_error (input, NULL, error);
  if (input->buffered >= QUILT_ZSTD_MAGIC_BYTES && quilt_zstd_is_frame (input->buffer))
    return read_frames (input, error);
  archive = archive_read_new ();
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

  input->fd = fd;
  input->max_bytes = max_bytes;
  input->control = control;
  input->hash = EVP_MD_CTX_new ();
  if (!input->hash || EVP_DigestInit_ex (input->hash, EVP_sha256 (), NULL) != 1) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_FAILED, "Failed to set up SHA-256");
    return NULL;
  }
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
  /* The thread may wait for input that never comes. */
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
    *ret_digest = digest_new (input->hash);
  return TRUE;
}

void
quilt_input_free (QuiltInput *input)
{
  if (!input)
    return;
  join (input);
  g_clear_pointer (&input->ring, quilt_ring_free);
  EVP_MD_CTX_free (input->hash);
  g_clear_error (&input->error);
  g_free (input);
}

char *
quilt_input_digest_file (int fd, QuiltControl *control, GError **error)
{
  g_autofree guint8 *buffer = g_malloc (BLOCK_SIZE);
  EVP_MD_CTX *hash = EVP_MD_CTX_new ();
  off_t at = lseek (fd, 0, SEEK_CUR);
  ssize_t n = at < 0 ? -1 : 0;
  char *digest = NULL;

  EVP_DigestInit_ex (hash, EVP_sha256 (), NULL);
  while (n >= 0 && !quilt_control_is_cancelled (control)) {
    n = pread (fd, buffer, BLOCK_SIZE, at);
    if (n <= 0)
      break;
    EVP_DigestUpdate (hash, buffer, (gsize)n);
    at += n;
  }
  if (n < 0)
    quilt_set_error_errno (error, errno, "Failed to read the archive");
  else if (n > 0 || quilt_control_is_cancelled (control))
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_CANCELLED,
                         "Failed to read the archive: cancelled");
  else
    digest = digest_new (hash);
  EVP_MD_CTX_free (hash);
  return digest;
}
