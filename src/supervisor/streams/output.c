/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One stream of the container's output: copies its pipe or terminal to the log and to attached
 * clients. */
#include "supervisor/streams/output.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define READS_PER_TURN 16
/* More than the kernel keeps of a terminal's output. */
#define TERMINAL_MAX (256 * 1024)

void
quilt_output_init (QuiltOutput *output, QuiltLog *log, QuiltStream stream, int fd, int attached_fd)
{
  *output = (QuiltOutput){.stream = stream, .log = log, .fd = fd};
  output->capacity = QUILT_OUTPUT_BUFFER;
  output->buffer = g_malloc (output->capacity);
  output->followers = g_ptr_array_new ();
  output->tail = g_string_new (NULL);
  quilt_attachment_init (&output->attachment, attached_fd);
}

void
quilt_output_set_terminal (QuiltOutput *output, int master)
{
  quilt_fd_clear (&output->fd);
  output->fd = master;
  output->is_terminal = TRUE;
}

/* The length of the last lines of text. */
static gsize
measure_lines (const GString *text, guint64 lines)
{
  gsize at = text->len;

  for (; at > 0 && lines > 0; lines--) {
    const char *line_break = memrchr (text->str, '\n', at - 1);

    at = line_break ? (gsize)(line_break - text->str) + 1 : 0;
  }
  return text->len - at;
}

void
quilt_output_follow (QuiltOutput *output, QuiltAttachment *attachment, guint64 lines)
{
  gsize length = MIN (measure_lines (output->tail, lines), QUILT_OUTPUT_TAIL);

  if (attachment->fd < 0)
    return;
  quilt_attachment_append (attachment, output->tail->str + output->tail->len - length, length);
  if (output->finished)
    quilt_attachment_finish (attachment);
  else
    g_ptr_array_add (output->followers, attachment);
}

void
quilt_output_unfollow (QuiltOutput *output, QuiltAttachment *attachment)
{
  if (output->followers)
    g_ptr_array_remove (output->followers, attachment);
}

gboolean
quilt_output_has_readers (const QuiltOutput *output)
{
  gboolean has = output->attachment.fd >= 0;

  for (guint i = 0; i < output->followers->len; i++)
    has = has || ((QuiltAttachment *)output->followers->pdata[i])->fd >= 0;
  return has;
}

void
quilt_output_drop_followers (QuiltOutput *output)
{
  for (guint i = 0; i < output->followers->len; i++)
    quilt_attachment_clear (output->followers->pdata[i]);
}

void
quilt_output_drop_readers (QuiltOutput *output)
{
  quilt_attachment_clear (&output->attachment);
  quilt_output_drop_followers (output);
}

void
quilt_output_finish (QuiltOutput *output)
{
  quilt_fd_clear (&output->fd);
  output->finished = TRUE;
  quilt_attachment_finish (&output->attachment);
  for (guint i = 0; i < output->followers->len; i++)
    quilt_attachment_finish (output->followers->pdata[i]);
}

void
quilt_output_take_all (QuiltOutput *output)
{
  quilt_attachment_take_all (&output->attachment);
  output->emptied = output->fd < 0;
}

void
quilt_output_clear (QuiltOutput *output)
{
  quilt_fd_clear (&output->fd);
  quilt_attachment_clear (&output->attachment);
  g_clear_pointer (&output->buffer, g_free);
  g_clear_pointer (&output->followers, g_ptr_array_unref);
  if (output->tail)
    g_string_free (g_steal_pointer (&output->tail), TRUE);
}

void
quilt_output_mark (QuiltOutput *output)
{
  int size = output->is_terminal ? TERMINAL_MAX
             : output->fd >= 0   ? fcntl (output->fd, F_GETPIPE_SZ)
                                 : 0;

  output->marked = TRUE;
  output->left = size > 0 ? (gsize)size : 0;
}

void
quilt_output_unmark (QuiltOutput *output)
{
  output->marked = FALSE;
}

static gboolean
is_at_mark (const QuiltOutput *output)
{
  return output->marked && output->left == 0;
}

/* The position at which to cut a line that is too long. Never cuts within a UTF-8 character. */
static gsize
cut (const char *text, gsize length)
{
  gsize at = length;

  while (at > length - 4 && ((guchar)text[at] & 0xc0) == 0x80)
    at--;
  return ((guchar)text[at] & 0xc0) == 0x80 ? length : at;
}

/* Finds the piece at offset. Returns FALSE if the line there is not complete yet. final: no more
 * output follows. */
static gboolean
find_piece (QuiltOutput *output, gsize offset, gboolean final, QuiltPiece *ret_piece)
{
  char *text = output->buffer + offset;
  gsize available = output->end - offset;
  gsize skip = output->searched > offset ? output->searched - offset : 0;
  gsize span = MIN (available, QUILT_LOG_LINE_MAX + 1);
  char *end = skip < span ? memchr (text + skip, '\n', span - skip) : NULL;

  if (end) {
    *ret_piece = (QuiltPiece){text, (gsize)(end - text), TRUE, FALSE};
  } else if (available > QUILT_LOG_LINE_MAX) {
    *ret_piece = (QuiltPiece){text, cut (text, QUILT_LOG_LINE_MAX), FALSE, TRUE};
  } else if (final && available > 0) {
    *ret_piece = (QuiltPiece){text, available, FALSE, FALSE};
  } else {
    if (offset == output->start)
      output->searched = output->end;
    return FALSE;
  }
  return TRUE;
}

static void
consume (QuiltOutput *output, const QuiltPiece *piece)
{
  output->start += piece->length + (piece->line_break ? 1 : 0);
  output->split = piece->partial;
  output->dropping = output->dropping && piece->partial;
}

/* Drops a piece of a line beyond the rate limit. Returns FALSE if there is no piece to drop. */
static gboolean
drop_piece (QuiltOutput *output, gboolean final)
{
  QuiltPiece piece;

  if (!find_piece (output, output->start, final, &piece))
    return FALSE;
  if (!output->split)
    quilt_rate_drop (&output->log->rate);
  output->dropping = TRUE;
  consume (output, &piece);
  return TRUE;
}

/* Sends one batch. Returns TRUE if anything was sent or dropped. */
static gboolean
send_batch (QuiltOutput *output, gboolean final)
{
  QuiltPiece pieces[QUILT_LOG_BATCH];
  guint64 room = quilt_rate_get_room (&output->log->rate, g_get_monotonic_time ());
  gboolean split = output->split;
  gsize offset = output->start;
  guint n = 0, taken;
  guint64 lines = 0;

  if (output->dropping || (room == 0 && !split))
    return drop_piece (output, final);
  while (n < QUILT_LOG_BATCH && (split || lines < room) &&
         find_piece (output, offset, final, &pieces[n])) {
    lines += split ? 0 : 1;
    split = pieces[n].partial;
    offset += pieces[n].length + (pieces[n].line_break ? 1 : 0);
    n++;
  }
  if (n == 0)
    return FALSE;
  taken = quilt_log_send (output->log, output->stream, pieces, n);
  for (guint i = 0; i < taken; i++) {
    quilt_rate_take (&output->log->rate, output->split ? 0 : 1);
    consume (output, &pieces[i]);
  }
  return taken > 0;
}

/* Returns TRUE if all complete lines are logged. */
static gboolean
flush (QuiltOutput *output, gboolean final)
{
  gboolean blocked;

  while (!(blocked = quilt_log_is_blocked (output->log, g_get_monotonic_time ()))) {
    if (!quilt_log_report_dropped (output->log, g_get_monotonic_time (), FALSE))
      return FALSE;
    if (!send_batch (output, final) && !quilt_journal_socket_is_blocked (&output->log->journal))
      break;
  }
  if (output->start == output->end)
    output->start = output->end = output->searched = 0;
  return !blocked || output->start == output->end;
}

/* Whether to read more than was logged, for a reader that must not wait for the log. */
static gboolean
may_read_ahead (const QuiltOutput *output)
{
  gsize limit = output->log->journal.retry_usec > 0 ? QUILT_OUTPUT_AHEAD : 0;

  if (output->attachment.takes_all)
    limit = QUILT_OUTPUT_AHEAD + QUILT_OUTPUT_REST;
  return output->attachment.fd >= 0 && output->end - output->start < limit;
}

static void
set_capacity (QuiltOutput *output, gsize capacity)
{
  output->capacity = capacity;
  output->buffer = g_realloc (output->buffer, capacity);
}

static void
make_space (QuiltOutput *output)
{
  if (output->end == 0 && output->capacity > QUILT_OUTPUT_BUFFER)
    set_capacity (output, QUILT_OUTPUT_BUFFER);
  if (output->end == output->capacity && output->start == 0)
    set_capacity (output, 2 * output->capacity);
  if (output->start == 0)
    return;
  memmove (output->buffer, output->buffer + output->start, output->end - output->start);
  output->searched = output->searched > output->start ? output->searched - output->start : 0;
  output->end -= output->start;
  output->start = 0;
}

static void
keep_tail (QuiltOutput *output, const char *data, gsize length)
{
  gsize kept = MIN (length, QUILT_OUTPUT_TAIL);
  gsize room = QUILT_OUTPUT_TAIL - kept;

  /* Cut rarely, since that moves the rest. */
  if (output->tail->len + kept > 2 * QUILT_OUTPUT_TAIL)
    g_string_erase (output->tail, 0, (gssize)(output->tail->len - room));
  g_string_append_len (output->tail, data + length - kept, (gssize)kept);
}

static void
feed_readers (QuiltOutput *output, const char *data, gsize length)
{
  guint n = output->followers->len;

  quilt_attachment_append (&output->attachment, data, length);
  for (guint i = 0; i < n; i++) {
    quilt_attachment_append (output->followers->pdata[i], data, length);
    quilt_attachment_limit (output->followers->pdata[i],
                            MIN (QUILT_OUTPUT_FOLLOWER, QUILT_OUTPUT_FOLLOWERS / n));
  }
  keep_tail (output, data, length);
}

/* A terminal ends lines with a carriage return, which does not belong to the text of the log. */
static void
drop_carriage_returns (QuiltOutput *output, gsize from)
{
  gsize to = from;

  for (gsize i = from; i < output->end; i++) {
    if (output->buffer[i] == '\n' && to > output->start && output->buffer[to - 1] == '\r')
      to--;
    output->buffer[to++] = output->buffer[i];
  }
  output->end = to;
  output->searched = MIN (output->searched, from > 0 ? from - 1 : 0);
}

/* Reads once. Returns like read(2). */
static ssize_t
fill (QuiltOutput *output)
{
  char *data;
  gsize room;
  ssize_t n;

  make_space (output);
  data = output->buffer + output->end;
  room = output->capacity - output->end;
  if (output->marked)
    room = MIN (room, output->left);
  do
    n = read (output->fd, data, room);
  while (n < 0 && errno == EINTR);
  if (n > 0 && output->marked)
    output->left -= (gsize)n;
  output->emptied = n <= 0 || is_at_mark (output);
  if (n <= 0)
    return n;
  output->end += (gsize)n;
  feed_readers (output, data, (gsize)n);
  if (output->is_terminal)
    drop_carriage_returns (output, output->end - (gsize)n);
  return n;
}

gboolean
quilt_output_pump (QuiltOutput *output)
{
  for (guint i = 0; i < READS_PER_TURN; i++) {
    gboolean logged = flush (output, FALSE);
    ssize_t n;

    if (output->fd < 0 || is_at_mark (output))
      return logged;
    if ((!logged && !may_read_ahead (output)) || !quilt_attachment_has_room (&output->attachment))
      return FALSE;
    n = fill (output);
    if (n < 0 && errno == EAGAIN)
      return logged;
    if (n <= 0)
      quilt_fd_clear (&output->fd);
  }
  return FALSE;
}

gboolean
quilt_output_end_line (QuiltOutput *output)
{
  return flush (output, TRUE) && output->start == output->end;
}

struct pollfd
quilt_output_poll (const QuiltOutput *output)
{
  gboolean blocked =
      quilt_journal_socket_is_blocked (&output->log->journal) || output->log->held_usec > 0;
  gboolean wanted = !is_at_mark (output) &&
                    (!blocked || output->start == output->end || may_read_ahead (output)) &&
                    quilt_attachment_has_room (&output->attachment);

  return (struct pollfd){.fd = wanted ? output->fd : -1, .events = POLLIN};
}
