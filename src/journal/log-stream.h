/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of the journal as lines of JSON, as quilt-log writes them. */
#pragma once

#include "base/json.h"

typedef struct QuiltLogStream QuiltLogStream;

/* Takes fd over, and makes it non-blocking if reading is to be continued when more has come. */
QuiltLogStream *quilt_log_stream_new (int fd, gboolean follow);
void quilt_log_stream_free (QuiltLogStream *stream);

int quilt_log_stream_get_fd (const QuiltLogStream *stream);

/* 1: got the next entry; 0: there is none now, or at the end of the file none at all; -1 with
 * error. */
int quilt_log_stream_next (QuiltLogStream *stream, GError **error);

/* Whether the end of the file was read. */
gboolean quilt_log_stream_is_at_end (const QuiltLogStream *stream);

/* The current entry; the stream's own. */
json_object *quilt_log_stream_get_entry (const QuiltLogStream *stream);

/* A field of the current entry, as bytes that hold until the next call; NULL where it has none. */
const char *quilt_log_stream_get (QuiltLogStream *stream, const char *field, gsize *ret_length);
