/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes records to a pipe, as its reader takes them. */
#pragma once

#include <glib.h>

typedef struct QuiltRecordPipe QuiltRecordPipe;

/* Writes to the pipe fd, and gives up when the socket control is closed. Borrows both. */
QuiltRecordPipe *quilt_record_pipe_new (int fd, int control);
void quilt_record_pipe_free (QuiltRecordPipe *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltRecordPipe, quilt_record_pipe_free)

/* Adds a record: the kind, the text of this length, and a NUL. Returns FALSE if the reader or
 * quiltd is gone. */
gboolean quilt_record_pipe_add (QuiltRecordPipe *self, char kind, const char *text, gsize length);
/* Writes what was added so far. */
gboolean quilt_record_pipe_flush (QuiltRecordPipe *self);
