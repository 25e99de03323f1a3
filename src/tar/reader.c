/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads an untrusted tar stream, member by member. */
#include "tar/reader.h"

#include "base/error.h"

#include <errno.h>

/* The flag of a block: see POSIX.1-2001. */
#define TYPE_AT 156

void
quilt_tar_reader_clear (QuiltTarReader *reader)
{
  quilt_tar_member_clear (&reader->member);
  quilt_tar_decoder_clear (&reader->decoder);
}

gboolean
quilt_tar_set_stream_error (GError **error, int errsv, const char *verb)
{
  if (errsv == ECANCELED) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_CANCELLED, "Failed to %s the archive: cancelled",
                 verb);
    return FALSE;
  }
  if (errsv == EPIPE)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_CANCELLED,
                 "Failed to %s the archive: its reader is gone", verb);
  else
    quilt_set_error_errno (error, errsv, "Failed to %s the archive", verb);
  return FALSE;
}

static int
fail_short (const QuiltTarReader *reader, GError **error)
{
  if (reader->n_members == 0) {
    g_set_error_literal (
        error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE,
        "Failed to unpack the archive: it is empty, cut off, or not a tar archive; "
        "if it is compressed, decompress it first");
    return -1;
  }
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_BAD_ARCHIVE,
               "Failed to unpack the archive: it is cut off after %" G_GUINT64_FORMAT " entries",
               reader->n_members);
  return -1;
}

/* Reads length bytes that must be there. */
static int
read_all (QuiltTarReader *reader, guint8 *bytes, gsize length, GError **error)
{
  int r = quilt_tar_stream_read (reader->stream, bytes, length);

  if (r > 0)
    return 1;
  if (r == 0)
    return fail_short (reader, error);
  quilt_tar_set_stream_error (error, errno, "read");
  return -1;
}

static int
skip (QuiltTarReader *reader, guint64 length, GError **error)
{
  const guint8 *bytes;

  while (length > 0) {
    gssize n = quilt_tar_stream_next (reader->stream, (gsize)MIN (length, G_MAXINT32), &bytes);

    if (n == 0)
      return fail_short (reader, error);
    if (n < 0) {
      quilt_tar_set_stream_error (error, errno, "read");
      return -1;
    }
    length -= (guint64)n;
  }
  return 1;
}

gssize
quilt_tar_reader_data (QuiltTarReader *reader, const guint8 **ret_bytes, GError **error)
{
  gssize n;

  if (reader->rest == 0)
    return 0;
  n = quilt_tar_stream_next (reader->stream, (gsize)MIN (reader->rest, G_MAXINT32), ret_bytes);
  if (n == 0)
    return fail_short (reader, error);
  if (n < 0)
    quilt_tar_set_stream_error (error, errno, "read");
  else
    reader->rest -= (guint64)n;
  return n;
}

static int
read_extra (QuiltTarReader *reader, guint8 type, gsize length, GError **error)
{
  g_autofree guint8 *bytes = g_malloc (length + 1);
  int r = read_all (reader, bytes, length, error);

  if (r > 0)
    r = skip (reader, quilt_tar_padded (length) - length, error);
  if (r > 0 && !quilt_tar_decode_extra (&reader->decoder, type, bytes, length, error))
    r = -1;
  return r;
}

/* A writer that still writes would get SIGPIPE. */
static int
read_to_end (QuiltTarReader *reader, GError **error)
{
  const guint8 *bytes;
  gssize n;

  while ((n = quilt_tar_stream_next (reader->stream, G_MAXINT32, &bytes)) > 0)
    ;
  if (n < 0)
    quilt_tar_set_stream_error (error, errno, "read");
  return (int)n;
}

int
quilt_tar_reader_next (QuiltTarReader *reader, GError **error)
{
  guint8 block[QUILT_TAR_BLOCK];
  int r = skip (reader, reader->rest + reader->padding, error);

  quilt_tar_member_clear (&reader->member);
  reader->rest = reader->padding = 0;
  while (r > 0) {
    gsize extra = 0;

    r = read_all (reader, block, sizeof block, error);
    if (r <= 0)
      break;
    switch (quilt_tar_decode (&reader->decoder, block, &reader->member, &extra, error)) {
    case QUILT_TAR_MEMBER:
      reader->n_members++;
      reader->rest = (guint64)reader->member.size;
      reader->padding = quilt_tar_padded (reader->rest) - reader->rest;
      return 1;
    case QUILT_TAR_ZERO:
      return read_to_end (reader, error);
    case QUILT_TAR_EXTRA:
      r = read_extra (reader, block[TYPE_AT], extra, error);
      break;
    case QUILT_TAR_BAD:
      return -1;
    }
  }
  return r;
}
