/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of an archive as they come: read and hashed in a thread. */
#pragma once

#include "transfer/control.h"

#include <glib.h>

typedef struct _QuiltSource QuiltSource;

/* Begins to read fd, which stays the caller's and must live as long as the source, as control must.
 */
QuiltSource *quilt_source_new (int fd, QuiltControl *control, GError **error);

/* Stops reading. Cancels control if the input has not ended: the thread may wait for input that
 * never comes. */
void quilt_source_free (QuiltSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltSource, quilt_source_free)

/* The next bytes, valid until the next call. Their number; 0 at the end; -1 with errno. The first
 * bytes are at least QUILT_DECODER_START, unless the input is shorter. */
gssize quilt_source_next (QuiltSource *source, const guint8 **ret_data);

/* The digest "sha256:HEX" of all bytes. To be called once, after quilt_source_next() gave 0. */
char *quilt_source_digest (QuiltSource *source);

/* The digest of a regular file from its current position on, which stays where it is. NULL on
 * error. */
char *quilt_source_digest_file (int fd, QuiltControl *control, GError **error);
