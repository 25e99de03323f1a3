/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads an untrusted tar stream, member by member. */
#pragma once

#include "tar/stream.h"

typedef struct {
  QuiltTarStream *stream;
  QuiltTarDecoder decoder;
  QuiltTarMember member; /* the current one */
  guint64 rest;          /* what is left of its data */
  guint64 padding;       /* after its data */
  guint64 n_members;
} QuiltTarReader;

#define QUILT_TAR_READER_INIT(source)                                                              \
  {                                                                                                \
    .stream = (source)                                                                             \
  }

void quilt_tar_reader_clear (QuiltTarReader *reader);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltTarReader, quilt_tar_reader_clear)

/* Goes on to the next member, past data that was not read. Returns 1: reader->member is set.
 * Returns 0 at the end mark, when the whole stream is read; bytes after the mark are skipped, as by
 * GNU tar. Returns -1: BAD_ARCHIVE, CANCELLED, FAILED. A stream without an end mark is BAD_ARCHIVE:
 * it was cut off. */
int quilt_tar_reader_next (QuiltTarReader *reader, GError **error);

/* Gets the next piece of the member's data, valid until the next call. Returns its length; 0 at the
 * end of the data; -1 as above. */
gssize quilt_tar_reader_data (QuiltTarReader *reader, const guint8 **ret_bytes, GError **error);

/* Words the errno of a stream that ended early. Returns FALSE. */
gboolean quilt_tar_set_stream_error (GError **error, int errsv, const char *verb);
