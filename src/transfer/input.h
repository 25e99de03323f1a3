/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of an archive: one thread reads and hashes them, another decompresses them (gzip, xz,
 * zstd or bzip2). */
#pragma once

#include "transfer/control.h"

#include <glib.h>

typedef struct _QuiltInput QuiltInput;

/* Begins to read fd. The caller keeps fd and control, which must live as long as the input. More
 * than max_bytes of plain bytes: QUOTA_EXCEEDED. */
QuiltInput *quilt_input_new (int fd, guint64 max_bytes, QuiltControl *control, GError **error);

/* Gets the next plain bytes, valid until the next call. Returns their number, or 0 at the end and
 * after a failure: quilt_input_finish() tells which. */
gsize quilt_input_next (QuiltInput *input, const guint8 **ret_data);

/* Whether the bytes come from a compressed stream. Valid after quilt_input_next() has returned
 * bytes. */
gboolean quilt_input_is_compressed (const QuiltInput *input);

/* Ends the thread. If quilt_input_next() has returned 0, the whole input was read; otherwise
 * control is cancelled. Returns TRUE and the digest "sha256:HEX" of all input bytes, before
 * decompression. Returns FALSE if reading failed: BAD_ARCHIVE if the input is damaged or followed
 * by anything but zeros, QUOTA_EXCEEDED, CANCELLED, FAILED. */
gboolean quilt_input_finish (QuiltInput *input, char **ret_digest, GError **error);

void quilt_input_free (QuiltInput *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltInput, quilt_input_free)
