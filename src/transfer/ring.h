/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bounded stream of bytes from one thread to another, in blocks, without copying. */
#pragma once

#include <glib.h>

typedef struct _QuiltRing QuiltRing;

QuiltRing *quilt_ring_new (guint n_blocks, gsize block_size);
void quilt_ring_free (QuiltRing *ring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltRing, quilt_ring_free)

/* Writer: waits for an empty block. Returns NULL once the reader has closed the ring. */
guint8 *quilt_ring_fill (QuiltRing *ring);
/* Writer: passes the block to the reader. A length of 0 ends the stream. */
void quilt_ring_push (QuiltRing *ring, gsize length);

/* Reader: releases the last block and waits for the next. Returns its length, 0 at the end. */
gsize quilt_ring_take (QuiltRing *ring, const guint8 **ret_data);
/* Reader: closes the ring, since it wants no more. */
void quilt_ring_close (QuiltRing *ring);
