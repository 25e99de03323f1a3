/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bounded stream of bytes from one thread to another. */
#include "transfer/ring.h"

struct _QuiltRing {
  GMutex mutex;
  GCond changed;
  guint n_blocks;
  gsize block_size;
  guint8 *data;
  gsize *lengths;
  guint first;  /* the block that the reader holds, or takes next */
  guint filled; /* number of blocks from first on that hold data */
  gboolean taken;
  gboolean closed;
  /* one side waits; kept because waking costs a system call even without a waiter */
  gboolean waiting;
};

static void
wait_for_change (QuiltRing *ring)
{
  ring->waiting = TRUE;
  g_cond_wait (&ring->changed, &ring->mutex);
}

static void
wake (QuiltRing *ring)
{
  if (ring->waiting)
    g_cond_signal (&ring->changed);
  ring->waiting = FALSE;
}

QuiltRing *
quilt_ring_new (guint n_blocks, gsize block_size)
{
  QuiltRing *ring = g_new0 (QuiltRing, 1);

  g_mutex_init (&ring->mutex);
  g_cond_init (&ring->changed);
  ring->n_blocks = n_blocks;
  ring->block_size = block_size;
  ring->data = g_malloc (n_blocks * block_size);
  ring->lengths = g_new0 (gsize, n_blocks);
  return ring;
}

void
quilt_ring_free (QuiltRing *ring)
{
  if (!ring)
    return;
  g_mutex_clear (&ring->mutex);
  g_cond_clear (&ring->changed);
  g_free (ring->data);
  g_free (ring->lengths);
  g_free (ring);
}

guint8 *
quilt_ring_fill (QuiltRing *ring)
{
  guint8 *block = NULL;

  g_mutex_lock (&ring->mutex);
  while (ring->filled == ring->n_blocks && !ring->closed)
    wait_for_change (ring);
  if (!ring->closed)
    block = ring->data + (ring->first + ring->filled) % ring->n_blocks * ring->block_size;
  g_mutex_unlock (&ring->mutex);
  return block;
}

void
quilt_ring_push (QuiltRing *ring, gsize length)
{
  g_mutex_lock (&ring->mutex);
  ring->lengths[(ring->first + ring->filled) % ring->n_blocks] = length;
  ring->filled++;
  wake (ring);
  g_mutex_unlock (&ring->mutex);
}

gsize
quilt_ring_take (QuiltRing *ring, const guint8 **ret_data)
{
  gsize length;

  g_mutex_lock (&ring->mutex);
  if (ring->taken) {
    ring->first = (ring->first + 1) % ring->n_blocks;
    ring->filled--;
    ring->taken = FALSE;
    /* Don't wake it for each block, so that it fills half of the ring at once. */
    if (ring->filled <= ring->n_blocks / 2)
      wake (ring);
  }
  while (ring->filled == 0)
    wait_for_change (ring);
  length = ring->lengths[ring->first];
  /* The end stays in the ring, so that it can be read again. */
  ring->taken = length > 0;
  *ret_data = ring->data + ring->first * ring->block_size;
  g_mutex_unlock (&ring->mutex);
  return length;
}

void
quilt_ring_close (QuiltRing *ring)
{
  g_mutex_lock (&ring->mutex);
  ring->closed = TRUE;
  wake (ring);
  g_mutex_unlock (&ring->mutex);
}
