/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decompresses streams that consist of parts: gzip members (RFC 1952), zstd frames (RFC 8878). */
#pragma once

#include <glib.h>

/* The bytes that show whether a part begins. */
#define QUILT_DECODER_START 4

/* A kind of stream. `create` returns the `self` of the other functions. */
typedef struct {
  const char *part; /* "zstd frame" */

  /* Whether data, QUILT_DECODER_START bytes long, begins a part. */
  gboolean (*begins) (const guint8 *data);

  /* NULL without memory. */
  gpointer (*create) (void);
  void (*destroy) (gpointer self);

  /* Whether all input so far is decompressed and read, so that `feed` comes next. */
  gboolean (*wants_input) (gconstpointer self);

  /* data stays the caller's and must be valid until the next input is wanted. */
  void (*feed) (gpointer self, const guint8 *data, gsize length);

  /* Decompresses into buffer. The number of plain bytes, which may be 0; -1 on error, with a static
   * text. */
  gssize (*read) (gpointer self, guint8 *buffer, gsize size, const char **ret_error);

  /* Whether no part is incomplete. */
  gboolean (*is_complete) (gconstpointer self);

  /* Whether bytes follow a complete part that do not begin another part. */
  gboolean (*is_over) (gconstpointer self);

  /* The length of all complete parts. Valid if `is_complete`. */
  guint64 (*get_used) (gconstpointer self);
} QuiltDecoder;

/* libarchive's own filter takes zeros that pad the archive for a damaged frame, and then loses the
 * end of the frame before them. Bytes other than zeros after a frame are an error of `read`. */
extern const QuiltDecoder quilt_decoder_zstd;

/* Uses ISA-L. NULL if Quilt is built without it: then libarchive's filter decompresses. ISA-L,
 * unlike that filter, verifies the checksum of each member. */
const QuiltDecoder *quilt_decoder_gzip (void);
