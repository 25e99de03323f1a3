/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading journal entries as lines of JSON, as quilt-log writes them. */
#pragma once

#include "base/json.h"

typedef struct QuiltLogStream QuiltLogStream;

/* Takes ownership of fd. With follow, makes it non-blocking. */
QuiltLogStream *quilt_log_stream_new (int fd, gboolean follow);
void quilt_log_stream_free (QuiltLogStream *stream);

int quilt_log_stream_get_fd (const QuiltLogStream *stream);

/* Returns 1 if there was a next entry; 0 if there is none now, or the file has ended; -1 with an
 * error. */
int quilt_log_stream_next (QuiltLogStream *stream, GError **error);

/* Whether the end of the file was read. */
gboolean quilt_log_stream_is_at_end (const QuiltLogStream *stream);

/* The current entry, owned by the stream. */
json_object *quilt_log_stream_get_entry (const QuiltLogStream *stream);

/* A field of the current entry as bytes, valid until the next call. NULL if the entry lacks the
 * field. */
const char *quilt_log_stream_get (QuiltLogStream *stream, const char *field, gsize *ret_length);
