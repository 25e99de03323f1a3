/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decompresses zstd frames that follow each other (RFC 8878). */
#pragma once

#include <glib.h>

typedef struct _QuiltZstd QuiltZstd;

#define QUILT_ZSTD_MAGIC_BYTES 4

/* Whether data, at least QUILT_ZSTD_MAGIC_BYTES long, begins with a frame, skippable or not. */
gboolean quilt_zstd_is_frame (const guint8 *data);

/* NULL without memory. */
QuiltZstd *quilt_zstd_new (void);
void quilt_zstd_free (QuiltZstd *zstd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltZstd, quilt_zstd_free)

/* Whether all input so far is decompressed and read, so that quilt_zstd_feed() comes next. */
gboolean quilt_zstd_wants_input (const QuiltZstd *zstd);

/* data stays the caller's and must be valid until the next input is wanted. */
void quilt_zstd_feed (QuiltZstd *zstd, const guint8 *data, gsize length);

/* Decompresses into buffer. The number of plain bytes, which may be 0; -1 on error, with a static
 * text. */
gssize quilt_zstd_read (QuiltZstd *zstd, guint8 *buffer, gsize size, const char **ret_error);

/* Whether all frames so far are complete. */
gboolean quilt_zstd_is_complete (const QuiltZstd *zstd);

/* Whether zeros follow a complete frame. Sets the number of bytes from there on. */
gboolean quilt_zstd_is_padding (const QuiltZstd *zstd, gsize *ret_length);
