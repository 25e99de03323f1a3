/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading journal entries as lines of JSON, as quilt-log writes them. */
#include "journal/log-stream.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

/* The largest entry. A line of 48 KiB that is not text takes a fifth of it. */
#define ENTRY_MAX (1024 * 1024)

struct QuiltLogStream {
  int fd;
  GString *buffer;
  json_object *entry;
  GByteArray *bytes; /* the requested field */
  gboolean at_end;
};

QuiltLogStream *
quilt_log_stream_new (int fd, gboolean follow)
{
  QuiltLogStream *stream = g_new0 (QuiltLogStream, 1);

  stream->fd = fd;
  stream->buffer = g_string_new (NULL);
  stream->bytes = g_byte_array_new ();
  if (follow)
    g_unix_set_fd_nonblocking (fd, TRUE, NULL);
  return stream;
}

void
quilt_log_stream_free (QuiltLogStream *stream)
{
  quilt_fd_clear (&stream->fd);
  g_string_free (stream->buffer, TRUE);
  g_byte_array_unref (stream->bytes);
  g_clear_pointer (&stream->entry, json_object_put);
  g_free (stream);
}

int
quilt_log_stream_get_fd (const QuiltLogStream *stream)
{
  return stream->fd;
}

gboolean
quilt_log_stream_is_at_end (const QuiltLogStream *stream)
{
  return stream->at_end;
}

/* Returns 1 if bytes were read, 0 if there are none now, -1 with an error. */
static int
fill (QuiltLogStream *stream, GError **error)
{
  char data[64 * 1024];
  ssize_t n;

  do
    n = read (stream->fd, data, sizeof data);
  while (n < 0 && errno == EINTR);
  if (n > 0)
    g_string_append_len (stream->buffer, data, n);
  stream->at_end = n == 0;
  if (n < 0 && errno != EAGAIN) {
    quilt_set_error_errno (error, errno, "Failed to read the log from quiltd");
    return -1;
  }
  return n > 0;
}

int
quilt_log_stream_next (QuiltLogStream *stream, GError **error)
{
  GString *buffer = stream->buffer;
  const char *newline;
  gsize length;
  int r;

  while (!(newline = memchr (buffer->str, '\n', buffer->len))) {
    r = buffer->len <= ENTRY_MAX ? fill (stream, error) : 1;
    if (r <= 0)
      return r;
    if (buffer->len > ENTRY_MAX) {
      g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                           "Failed to read the log from quiltd: an entry is too long");
      return -1;
    }
  }
  length = (gsize)(newline - buffer->str);
  g_clear_pointer (&stream->entry, json_object_put);
  stream->entry = quilt_json_parse (buffer->str, length, ENTRY_MAX, error);
  g_string_erase (buffer, 0, (gssize)length + 1);
  return stream->entry ? 1 : -1;
}

json_object *
quilt_log_stream_get_entry (const QuiltLogStream *stream)
{
  return stream->entry;
}

const char *
quilt_log_stream_get (QuiltLogStream *stream, const char *field, gsize *ret_length)
{
  json_object *value;

  if (!json_object_object_get_ex (stream->entry, field, &value))
    return NULL;
  if (!json_object_is_type (value, json_type_array)) {
    *ret_length = (gsize)json_object_get_string_len (value);
    return json_object_get_string (value);
  }
  g_byte_array_set_size (stream->bytes, 0);
  for (gsize i = 0; i < json_object_array_length (value); i++) {
    const guint8 byte = (guint8)json_object_get_int (json_object_array_get_idx (value, i));

    g_byte_array_append (stream->bytes, &byte, 1);
  }
  *ret_length = stream->bytes->len;
  return (const char *)stream->bytes->data;
}
