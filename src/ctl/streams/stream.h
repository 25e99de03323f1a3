/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies a container's output to ours, byte for byte and without delay. */
#pragma once

#include <glib.h>

typedef struct QuiltStreamCopy QuiltStreamCopy;

/* errsv: why copying stopped before the end of file; 0 at the end of file. */
typedef void (*QuiltStreamDone) (int errsv, gpointer data);

/* Makes a pipe and copies its data to target in a thread, so that a slow reader of one stream does
 * not delay the other. Calls done on the main loop at the end. ret_writer is the pipe's writing
 * end, owned by the caller. Returns NULL with errno set. The stream is never freed; it lives as
 * long as quiltctl. */
QuiltStreamCopy *
quilt_stream_new (int target, QuiltStreamDone done, gpointer data, int *ret_writer);

/* From now on, the stream ends when its pipe is empty, even if a process still holds the writing
 * end. */
void quilt_stream_hurry (QuiltStreamCopy *stream);

/* Makes a pipe larger, if it may be: bytes pass through it faster. */
void quilt_stream_widen (int fd);

/* Copies from source to target until end of file. Returns 0, or the errno of a failed write. */
int quilt_stream_copy (int source, int target);
