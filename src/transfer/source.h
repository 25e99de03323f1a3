/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The raw bytes of an archive: a thread reads and hashes them. */
#pragma once

#include "transfer/control.h"

#include <glib.h>

typedef struct _QuiltSource QuiltSource;

/* Begins to read fd. The caller keeps fd and control, which must live as long as the source. */
QuiltSource *quilt_source_new (int fd, QuiltControl *control, GError **error);

/* Stops reading. If the input has not ended, cancels control, since the thread may be waiting for
 * input. */
void quilt_source_free (QuiltSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltSource, quilt_source_free)

/* Gets the next bytes, valid until the next call. Returns their number; 0 at the end; -1 with errno
 * set. The first call returns at least QUILT_DECODER_START bytes, unless the input is shorter. */
gssize quilt_source_next (QuiltSource *source, const guint8 **ret_data);

/* The digest "sha256:HEX" of all bytes. Call it once, after quilt_source_next() has returned 0. */
char *quilt_source_digest (QuiltSource *source);

/* The digest of a regular file from its current position on, which stays where it is. NULL on
 * error. */
char *quilt_source_digest_file (int fd, QuiltControl *control, GError **error);
