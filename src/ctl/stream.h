/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's output on its way to ours: byte for byte, as it comes. */
#pragma once

#include <glib.h>

typedef struct QuiltStream QuiltStream;

/* errsv: why the copying stopped before the end of file; 0: it did not. */
typedef void (*QuiltStreamDone) (int errsv, gpointer data);

/* Makes a pipe and copies what comes out of it to target in a thread of its own, so that a reader
 * who waits on one stream does not hold up the other. done is called on the main loop at its end.
 * ret_writer: the end to give away; owned by the caller. NULL with errno. Never freed: it lives as
 * long as quiltctl. */
QuiltStream *quilt_stream_new (int target, QuiltStreamDone done, gpointer data, int *ret_writer);

/* Copies from source to target until the end of file. 0, or the errno of a failed write. */
int quilt_stream_copy (int source, int target);
