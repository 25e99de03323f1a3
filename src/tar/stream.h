/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two ends of a stream of tar: a buffered writer and a buffered reader of a descriptor. */
#pragma once

#include "tar/header.h"

/* Called before each read and write: waits until fd is ready for events (POLLIN or POLLOUT of
 * poll(2)). Returns FALSE with errno set to end the stream: ECANCELED. */
typedef gboolean (*QuiltTarWait) (int fd, short events, gpointer data);

/* All members are those of the stream; the owner of the stream may read bytes. */
typedef struct {
  int fd;
  QuiltTarWait wait; /* NULL: read(2) and write(2) wait */
  gpointer data;
  guint64 bytes; /* read or written so far */
  guint8 *buffer;
  gsize start, end; /* what of the buffer is in use */
} QuiltTarStream;

/* The caller keeps fd. */
void quilt_tar_stream_init (QuiltTarStream *stream, int fd, QuiltTarWait wait, gpointer data);
void quilt_tar_stream_clear (QuiltTarStream *stream);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltTarStream, quilt_tar_stream_clear)

/* All following functions return FALSE or -1 with errno set. */

gboolean quilt_tar_stream_write (QuiltTarStream *stream, gconstpointer bytes, gsize length);
gboolean quilt_tar_stream_write_zeros (QuiltTarStream *stream, guint64 length);
gboolean quilt_tar_stream_flush (QuiltTarStream *stream);

/* Returns free space of the buffer, at least one block, for quilt_tar_stream_commit(). NULL with
 * errno set. */
guint8 *quilt_tar_stream_reserve (QuiltTarStream *stream, gsize *ret_room);
/* Adds the first length bytes of that space to the stream. */
void quilt_tar_stream_commit (QuiltTarStream *stream, gsize length);

/* Gets the next bytes, at most max, valid until the next call. Returns their number; 0 at the
 * end. */
gssize quilt_tar_stream_next (QuiltTarStream *stream, gsize max, const guint8 **ret_bytes);
/* Reads exactly length bytes. Returns 1; 0 if the stream ends before, which loses the rest. */
int quilt_tar_stream_read (QuiltTarStream *stream, guint8 *bytes, gsize length);
