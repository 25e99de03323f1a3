/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lets the disk write files while later ones are unpacked. */
#include "transfer/flush.h"

#include <fcntl.h>
#include <unistd.h>

/* Smaller files are many: the sync at the end writes them together. */
#define SIZE_MIN (64 * 1024)
#define QUEUE_MAX 64

struct _QuiltFlush {
  GThread *thread;
  GAsyncQueue *queue; /* of fd + 1; END */
};

#define END GINT_TO_POINTER (-1)

/* Ignore errors: the sync at the end reports them. */
static gpointer
flush_thread (gpointer data)
{
  QuiltFlush *flush = data;
  gpointer item;

  while ((item = g_async_queue_pop (flush->queue)) != END) {
    int fd = GPOINTER_TO_INT (item) - 1;

    sync_file_range (fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    close (fd);
  }
  return NULL;
}

QuiltFlush *
quilt_flush_new (void)
{
  QuiltFlush *flush = g_new0 (QuiltFlush, 1);

  flush->queue = g_async_queue_new ();
  flush->thread = g_thread_try_new ("flush", flush_thread, flush, NULL);
  if (!flush->thread)
    g_clear_pointer (&flush, quilt_flush_free);
  return flush;
}

void
quilt_flush_free (QuiltFlush *flush)
{
  if (!flush)
    return;
  if (flush->thread) {
    g_async_queue_push (flush->queue, END);
    g_thread_join (flush->thread);
  }
  g_async_queue_unref (flush->queue);
  g_free (flush);
}

void
quilt_flush_close (QuiltFlush *flush, int fd, guint64 size)
{
  /* If the disk is behind, more descriptors in the queue would not make it faster. */
  if (flush && size >= SIZE_MIN && g_async_queue_length (flush->queue) < QUEUE_MAX)
    g_async_queue_push (flush->queue, GINT_TO_POINTER (fd + 1));
  else
    close (fd);
}
