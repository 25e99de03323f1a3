/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd's log: sends messages to journald without ever blocking, or to stderr. */
#include "daemon/bus/log.h"

#include "base/journal-socket.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

/* The number of messages kept while journald is slow. */
#define WAITING_MAX 4096
#define RETRY_MSEC 100

/* data/quilt.catalog explains it. */
#define MESSAGE_DROPPED "0e9d1f5b7e8c4b0aa3a6c2d4f1b7e911"

/* Any thread may log. */
static struct {
  GMutex lock;
  const int *max_priority;
  gboolean to_journal;
  QuiltJournalSocket journal;
  GQueue waiting; /* of GString, in order */
  guint64 dropped;
  gboolean retrying;
} sink;

static int
priority_of (GLogLevelFlags level, const GLogField *fields, gsize n_fields)
{
  guint64 priority;

  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "PRIORITY") &&
        g_ascii_string_to_unsigned (fields[i].value, 10, LOG_EMERG, LOG_DEBUG, &priority, NULL))
      return (int)priority;
  return level & G_LOG_LEVEL_DEBUG ? LOG_DEBUG : LOG_WARNING;
}

static GString *
make_entry (const GLogField *fields, gsize n_fields)
{
  GString *entry = g_string_new ("SYSLOG_IDENTIFIER=quiltd\n");

  for (gsize i = 0; i < n_fields; i++)
    quilt_journal_append_field (entry, fields[i].key, fields[i].value, fields[i].length);
  return entry;
}

static GString *
make_dropped_entry (void)
{
  GString *entry = g_string_new ("SYSLOG_IDENTIFIER=quiltd\nPRIORITY=4\n");

  g_string_append_printf (
      entry,
      "MESSAGE_ID=" MESSAGE_DROPPED "\nQUILT_DROPPED=%" G_GUINT64_FORMAT
      "\nMESSAGE=%" G_GUINT64_FORMAT
      " lines of quiltd's log were dropped because journald did not accept them\n",
      sink.dropped, sink.dropped);
  return entry;
}

static gboolean
send_entry (const GString *entry)
{
  struct iovec whole = {entry->str, entry->len};
  struct mmsghdr message = {.msg_hdr = {.msg_iov = &whole, .msg_iovlen = 1}};

  return quilt_journal_socket_send (&sink.journal, &message, 1) == 1;
}

static void
send_waiting (void)
{
  while (!g_queue_is_empty (&sink.waiting) && send_entry (g_queue_peek_head (&sink.waiting)))
    g_string_free (g_queue_pop_head (&sink.waiting), TRUE);
  if (!g_queue_is_empty (&sink.waiting) || sink.dropped == 0)
    return;
  g_queue_push_tail (&sink.waiting, make_dropped_entry ());
  sink.dropped = 0;
}

static gboolean
on_retry (gpointer data)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&sink.lock);

  quilt_journal_socket_handle (&sink.journal, POLLOUT, g_get_monotonic_time ());
  send_waiting ();
  sink.retrying = !g_queue_is_empty (&sink.waiting);
  return sink.retrying ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
write_to_journal (const GLogField *fields, gsize n_fields)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&sink.lock);

  if (sink.waiting.length >= WAITING_MAX) {
    sink.dropped++;
    return;
  }
  g_queue_push_tail (&sink.waiting, make_entry (fields, n_fields));
  send_waiting ();
  if (g_queue_is_empty (&sink.waiting) || sink.retrying)
    return;
  sink.retrying = TRUE;
  g_timeout_add (RETRY_MSEC, on_retry, NULL);
}

static GLogWriterOutput
write_entry (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  g_autofree char *line = NULL;

  if (priority_of (level, fields, n_fields) > *sink.max_priority)
    return G_LOG_WRITER_HANDLED;
  if (sink.to_journal) {
    write_to_journal (fields, n_fields);
    return G_LOG_WRITER_HANDLED;
  }
  line = g_log_writer_format_fields (level, fields, n_fields, FALSE);
  fprintf (stderr, "%s\n", line);
  fflush (stderr);
  return G_LOG_WRITER_HANDLED;
}

void
quilt_daemon_log_init (const int *max_priority)
{
  sink.max_priority = max_priority;
  sink.to_journal = g_log_writer_is_journald (fileno (stderr));
  quilt_journal_socket_init (&sink.journal, QUILT_JOURNAL_PATH);
  g_log_set_writer_func (write_entry, NULL, NULL);
}
