/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's log: sends each line as a journal entry, with fields that identify the
 * container. */
#include "supervisor/streams/log.h"

#include <string.h>
#include <syslog.h>

#define SHORT_ID 12

/* data/quilt.catalog explains these messages. */
#define MESSAGE_OOM "8c1f4e0b27d94f6aa5e93b7d60c2f815"
#define MESSAGE_DROPPED "0e9d1f5b7e8c4b0aa3a6c2d4f1b7e911"
#define MESSAGE_HELD "5b0f6d0e3c1a4f7c9d52a8e4716b90cd"

/* The interval between two entries that say that the container is held back. */
#define TELL_USEC (10 * 60 * G_USEC_PER_SEC)

static const struct {
  const char *name;
  int priority;
} streams[] = {
    [QUILT_STREAM_STDOUT] = {"stdout", LOG_INFO},
    [QUILT_STREAM_STDERR] = {"stderr", LOG_ERR},
};

static void
append_identity (const QuiltLog *log, GString *text, int priority)
{
  g_string_append_printf (text, "PRIORITY=%d\n", priority);
  quilt_journal_append_field (text, "SYSLOG_IDENTIFIER", log->name, -1);
  quilt_journal_append_field (text, "CONTAINER_ID", log->id, (gssize)strnlen (log->id, SHORT_ID));
  quilt_journal_append_field (text, "CONTAINER_ID_FULL", log->id, -1);
  quilt_journal_append_field (text, "CONTAINER_NAME", log->name, -1);
  quilt_journal_append_field (text, "CONTAINER_TAG", log->name, -1);
  quilt_journal_append_field (text, "IMAGE_NAME", log->image, -1);
}

static void
make_heads (QuiltLog *log)
{
  for (guint i = 0; i < QUILT_N_STREAMS; i++) {
    GString *head = g_string_truncate (log->heads[i], 0);

    append_identity (log, head, streams[i].priority);
    quilt_journal_append_field (head, "QUILT_STREAM", streams[i].name, -1);
    if (log->step > 0)
      g_string_append_printf (head, "QUILT_STEP=%u\n", log->step);
    g_string_append (head, "MESSAGE=");
  }
}

void
quilt_log_init (
    QuiltLog *log, const char *path, const char *id, const char *name, const char *image)
{
  memset (log, 0, sizeof *log);
  quilt_journal_socket_init (&log->journal, path);
  log->id = g_strdup (id);
  log->name = g_strdup (name);
  log->image = g_strdup (image);
  for (guint i = 0; i < QUILT_N_STREAMS; i++)
    log->heads[i] = g_string_new (NULL);
  make_heads (log);
}

void
quilt_log_clear (QuiltLog *log)
{
  quilt_budget_settle (&log->budget, g_get_monotonic_time ());
  for (guint i = 0; i < QUILT_N_STREAMS; i++)
    g_string_free (log->heads[i], TRUE);
  g_free (log->id);
  g_free (log->name);
  g_free (log->image);
  quilt_journal_socket_clear (&log->journal);
}

void
quilt_log_set_name (QuiltLog *log, const char *name)
{
  g_free (log->name);
  log->name = g_strdup (name);
  make_heads (log);
}

void
quilt_log_set_step (QuiltLog *log, guint step)
{
  log->step = step;
  make_heads (log);
}

static struct iovec
part (const char *text, gsize length)
{
  return (struct iovec){(char *)text, length};
}

static void
charge (QuiltLog *log, gsize entries, gsize bytes)
{
  quilt_budget_charge (&log->budget, entries * QUILT_LOG_ENTRY_COST + bytes,
                       g_get_monotonic_time ());
}

/* A line contains no line break, so its text can be sent as it is, even with NULs. Most lines are
 * followed by a line break, which also ends the journal field. */
guint
quilt_log_send (QuiltLog *log, QuiltStream stream, const QuiltPiece *pieces, guint n)
{
  static const char end[] = "\n";
  static const char end_partial[] = "\nCONTAINER_PARTIAL_MESSAGE=true\n";
  struct mmsghdr entries[QUILT_LOG_BATCH] = {0};
  struct iovec parts[QUILT_LOG_BATCH][3];
  gsize bytes = 0;
  guint taken;

  n = MIN (n, QUILT_LOG_BATCH);
  for (guint i = 0; i < n; i++) {
    const QuiltPiece *piece = &pieces[i];

    parts[i][0] = part (log->heads[stream]->str, log->heads[stream]->len);
    parts[i][1] = part (piece->text, piece->length + (piece->line_break ? 1 : 0));
    parts[i][2] = piece->partial ? part (end_partial, strlen (end_partial)) : part (end, 1);
    entries[i].msg_hdr.msg_iov = parts[i];
    entries[i].msg_hdr.msg_iovlen = piece->line_break ? 2 : 3;
  }
  taken = quilt_journal_socket_send (&log->journal, entries, n);
  for (guint i = 0; i < taken; i++)
    bytes += pieces[i].length;
  charge (log, taken, bytes);
  return taken;
}

static gboolean
send_text (QuiltLog *log, const GString *text)
{
  struct iovec whole = part (text->str, text->len);
  struct mmsghdr entry = {.msg_hdr = {.msg_iov = &whole, .msg_iovlen = 1}};

  if (quilt_journal_socket_send (&log->journal, &entry, 1) == 0)
    return FALSE;
  charge (log, 1, text->len);
  return TRUE;
}

static void
tell_held (QuiltLog *log, gint64 now_usec)
{
  g_autoptr (GString) entry = NULL;

  if (log->told_usec > 0 && now_usec - log->told_usec < TELL_USEC)
    return;
  entry = g_string_new (NULL);
  append_identity (log, entry, LOG_WARNING);
  g_string_append (entry, "MESSAGE_ID=" MESSAGE_HELD "\n"
                          "MESSAGE=The container's output has filled its share of the journal; the "
                          "container is slowed down until there is room\n");
  if (send_text (log, entry))
    log->told_usec = now_usec;
}

gboolean
quilt_log_is_blocked (QuiltLog *log, gint64 now_usec)
{
  if (quilt_journal_socket_is_blocked (&log->journal))
    return TRUE;
  if (now_usec < log->held_usec)
    return TRUE;
  log->held_usec = quilt_budget_get_wait (&log->budget, now_usec);
  if (log->held_usec == 0)
    return FALSE;
  tell_held (log, now_usec);
  return TRUE;
}

gboolean
quilt_log_note (QuiltLog *log, int priority, const char *text)
{
  g_autoptr (GString) entry = g_string_new (NULL);

  append_identity (log, entry, priority);
  quilt_journal_append_field (entry, "MESSAGE", text, -1);
  return send_text (log, entry);
}

gboolean
quilt_log_oom (QuiltLog *log, const char *text, const char *victim, gint64 pid, guint64 kills)
{
  g_autoptr (GString) entry = g_string_new (NULL);

  append_identity (log, entry, LOG_ERR);
  g_string_append_printf (
      entry, "MESSAGE_ID=" MESSAGE_OOM "\nQUILT_OOM_KILLS=%" G_GUINT64_FORMAT "\n", kills);
  if (victim) {
    quilt_journal_append_field (entry, "QUILT_VICTIM", victim, -1);
    g_string_append_printf (entry, "QUILT_VICTIM_PID=%" G_GINT64_FORMAT "\n", pid);
  }
  quilt_journal_append_field (entry, "MESSAGE", text, -1);
  return send_text (log, entry);
}

gboolean
quilt_log_report_dropped (QuiltLog *log, gint64 now_usec, gboolean all)
{
  g_autoptr (GString) entry = NULL;
  guint64 dropped = all ? log->rate.dropped : quilt_rate_get_due (&log->rate, now_usec);

  if (dropped == 0)
    return TRUE;
  entry = g_string_new (NULL);
  append_identity (log, entry, LOG_WARNING);
  g_string_append_printf (entry,
                          "MESSAGE_ID=" MESSAGE_DROPPED "\nQUILT_DROPPED=%" G_GUINT64_FORMAT
                          "\nMESSAGE=%" G_GUINT64_FORMAT
                          " lines were dropped: the container exceeded its log rate limit\n",
                          dropped, dropped);
  if (!send_text (log, entry))
    return FALSE;
  log->rate.dropped = 0;
  return TRUE;
}
