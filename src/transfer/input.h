/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of an archive: hashed as they came, decompressed of gzip, xz, zstd or bzip2. Reading
 * and hashing is done in one thread, decompressing in another. */
#pragma once

#include "transfer/control.h"

#include <glib.h>

typedef struct _QuiltInput QuiltInput;

/* Begins to read fd, which stays the caller's and must live as long as the input, as control must.
 * More than max_bytes of plain bytes: QUOTA_EXCEEDED. */
QuiltInput *quilt_input_new (int fd, guint64 max_bytes, QuiltControl *control, GError **error);

/* The next plain bytes, valid until the next call. Their number; 0 at the end or when reading
 * failed: quilt_input_finish() tells which. */
gsize quilt_input_next (QuiltInput *input, const guint8 **ret_data);

/* Whether the bytes come out of a compressed stream. To be asked after quilt_input_next() gave
 * some.
 */
gboolean quilt_input_is_compressed (const QuiltInput *input);

/* Waits for the thread to end: after the whole input when quilt_input_next() gave 0, else at once,
 * for which control is cancelled. TRUE sets the digest "sha256:HEX" of all input bytes as they
 * came. FALSE when reading failed: BAD_ARCHIVE when damaged or followed by anything but zeros,
 * QUOTA_EXCEEDED, CANCELLED, FAILED. */
gboolean quilt_input_finish (QuiltInput *input, char **ret_digest, GError **error);

void quilt_input_free (QuiltInput *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltInput, quilt_input_free)
