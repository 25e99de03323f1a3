/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bounded stream of bytes from one thread to another, block by block, without a copy. */
#pragma once

#include <glib.h>

typedef struct _QuiltRing QuiltRing;

QuiltRing *quilt_ring_new (guint n_blocks, gsize block_size);
void quilt_ring_free (QuiltRing *ring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltRing, quilt_ring_free)

/* Writer: an empty block, waited for; NULL once the reader has closed the ring. */
guint8 *quilt_ring_fill (QuiltRing *ring);
/* Writer: hands the block over; 0 is the end of the stream. */
void quilt_ring_push (QuiltRing *ring, gsize length);

/* Reader: gives the last block back and waits for the next. Its length; 0 at the end. */
gsize quilt_ring_take (QuiltRing *ring, const guint8 **ret_data);
/* Reader: wants no more. */
void quilt_ring_close (QuiltRing *ring);
