/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Passes bytes and descriptors from one blocking socket to another. */
#pragma once

#include "base/fd.h"

#include <glib.h>

/* The most bytes read at once, and the size of the buffers called chunk. */
#define QUILT_PASS_CHUNK (64 * 1024)

typedef struct {
  int fds[QUILT_FDS_MAX];
  guint n;
} QuiltPassedFds;

/* Closes all descriptors. */
void quilt_passed_fds_close (QuiltPassedFds *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltPassedFds, quilt_passed_fds_close)

/* Sends a message or a part of it. Its descriptors go with the first byte, as buses expect, and are
 * closed here. If too many are in flight to the reader, the kernel refuses them: they are lost, and
 * the reader misses them. Returns FALSE if the reader is gone. */
gboolean quilt_pass (int socket, const guint8 *data, gsize size, QuiltPassedFds *descriptors);

/* Exactly size bytes, which are one message's, as all descriptors are that come with them. */
gboolean quilt_read_exactly (int socket, guint8 *data, gsize size, QuiltPassedFds *descriptors);

/* Passes size bytes on; with to -1 they are dropped. */
gboolean quilt_pass_rest (int from, int to, guint8 *chunk, gsize size);
