/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The raw bytes of an archive: a thread reads and hashes them. */
#include "transfer/source.h"

#include "base/error.h"
#include "transfer/decoder.h"
#include "transfer/hash.h"
#include "transfer/ring.h"

#include <errno.h>
#include <unistd.h>

#define BLOCK_SIZE (256 * 1024)
#define N_BLOCKS 8

struct _QuiltSource {
  int fd;
  QuiltControl *control;
  GThread *thread;
  QuiltRing *ring;
  gboolean ended; /* the reader has seen the end */

  /* Owned by the thread until the end is reached. */
  QuiltHash *hash;
  guint64 consumed;
  int errsv; /* errno of a failed read, or 0 */
};

/* A pipe may return fewer bytes than are needed to choose a decoder, so read on. */
static gsize
read_block (QuiltSource *source, guint8 *block)
{
  gsize length = 0;
  gssize n;

  do {
    n = quilt_control_read (source->control, source->fd, block + length, BLOCK_SIZE - length);
    if (n < 0)
      source->errsv = errno;
    else
      length += (gsize)n;
  } while (n > 0 && length < QUILT_DECODER_START);
  return n < 0 ? 0 : length;
}

/* Hashes a block while the reader may already use it, since both only read. */
static gpointer
source_thread (gpointer data)
{
  QuiltSource *source = data;
  guint8 *block;
  gsize length = 1;

  while (length > 0 && (block = quilt_ring_fill (source->ring))) {
    length = read_block (source, block);
    if (length > 0) {
      source->consumed += length;
      quilt_control_set_consumed (source->control, source->consumed);
    }
    quilt_ring_push (source->ring, length);
    quilt_hash_update (source->hash, block, length);
  }
  return NULL;
}

QuiltSource *
quilt_source_new (int fd, QuiltControl *control, GError **error)
{
  g_autoptr (QuiltSource) source = g_new0 (QuiltSource, 1);

  source->fd = fd;
  source->control = control;
  source->ring = quilt_ring_new (N_BLOCKS, BLOCK_SIZE);
  source->hash = quilt_hash_new (error);
  if (source->hash)
    source->thread = g_thread_try_new ("source", source_thread, source, error);
  return source->thread ? g_steal_pointer (&source) : NULL;
}

void
quilt_source_free (QuiltSource *source)
{
  if (!source)
    return;
  if (source->thread && !source->ended)
    quilt_control_cancel (source->control);
  quilt_ring_close (source->ring);
  if (source->thread)
    g_thread_join (source->thread);
  quilt_ring_free (source->ring);
  quilt_hash_free (source->hash);
  g_free (source);
}

gssize
quilt_source_next (QuiltSource *source, const guint8 **ret_data)
{
  gsize length = quilt_ring_take (source->ring, ret_data);

  source->ended = length == 0;
  if (source->ended && source->errsv != 0) {
    errno = source->errsv;
    return -1;
  }
  return (gssize)length;
}

char *
quilt_source_digest (QuiltSource *source)
{
  g_thread_join (g_steal_pointer (&source->thread));
  return quilt_hash_digest (source->hash);
}

char *
quilt_source_digest_file (int fd, QuiltControl *control, GError **error)
{
  g_autofree guint8 *buffer = g_malloc (BLOCK_SIZE);
  g_autoptr (QuiltHash) hash = quilt_hash_new (error);
  off_t at = lseek (fd, 0, SEEK_CUR);
  ssize_t n = at < 0 ? -1 : 0;
  char *digest = NULL;

  if (!hash)
    return NULL;
  while (n >= 0 && !quilt_control_is_cancelled (control)) {
    n = pread (fd, buffer, BLOCK_SIZE, at);
    if (n <= 0)
      break;
    quilt_hash_update (hash, buffer, (gsize)n);
    at += n;
  }
  if (n < 0)
    quilt_set_error_errno (error, errno, "Failed to read the archive");
  else if (n > 0 || quilt_control_is_cancelled (control))
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_CANCELLED,
                         "Failed to read the archive: cancelled");
  else
    digest = quilt_hash_digest (hash);
  return digest;
}
