/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading one container's entries from the journal; see sd-journal(3). */
#include "journal/journal.h"

#include "base/error.h"
#include "journal/sd-journal.h"
#include "journal/log-stream.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>

struct QuiltJournal {
  QuiltLogStream *stream; /* used instead of the library and its journal */
  QuiltSdJournal lib;
  sd_journal *journal;
  char *name; /* copies, since the library's data is valid only until the next lookup */
  char *state;
  GBytes *message;
  guint source, timeout;
  void (*func) (gpointer data);
  gpointer data;
};

void
quilt_journal_close (QuiltJournal *journal)
{
  if (journal->source)
    g_source_remove (journal->source);
  if (journal->timeout)
    g_source_remove (journal->timeout);
  if (journal->journal)
    journal->lib.close (journal->journal);
  g_clear_pointer (&journal->stream, quilt_log_stream_free);
  g_clear_pointer (&journal->message, g_bytes_unref);
  g_free (journal->name);
  g_free (journal->state);
  g_free (journal);
}

static gboolean
set_error (GError **error, int r, const char *what)
{
  return quilt_set_error_errno (error, -r, "Failed to %s the journal", what);
}

QuiltJournal *
quilt_journal_open (const char *field, const char *value, GError **error)
{
  g_autoptr (QuiltJournal) journal = g_new0 (QuiltJournal, 1);
  g_autofree char *match = g_strconcat (field, "=", value, NULL);
  int r;

  if (!quilt_sd_journal_load (&journal->lib, error))
    return NULL;
  /* A caller's own journal has no entries of containers, so open only the system's journal. */
  r = journal->lib.open (&journal->journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
  if (r >= 0)
    r = journal->lib.set_data_threshold (journal->journal,
                                         0); /* no limit: long lines are read whole */
  if (r >= 0)
    r = journal->lib.add_match (journal->journal, match, 0);
  if (r >= 0)
    r = journal->lib.add_match (journal->journal, "_UID=0", 0);
  if (r < 0) {
    set_error (error, r, "open");
    return NULL;
  }
  if (journal->lib.has_runtime_files (journal->journal) == 0 &&
      journal->lib.has_persistent_files (journal->journal) == 0) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_NOT_AUTHORIZED,
                         "Failed to read the journal: this user may not read any journal; be "
                         "root or in the group systemd-journal");
    return NULL;
  }
  return g_steal_pointer (&journal);
}

QuiltJournal *
quilt_journal_open_stream (int fd, gboolean follow)
{
  QuiltJournal *journal = g_new0 (QuiltJournal, 1);

  journal->stream = quilt_log_stream_new (fd, follow);
  return journal;
}

gboolean
quilt_journal_is_at_end (const QuiltJournal *journal)
{
  return journal->stream && quilt_log_stream_is_at_end (journal->stream);
}

/* The value of a field of the current entry. Returns NULL if the entry lacks it. */
static const char *
get (QuiltJournal *journal, const char *field, gsize *ret_length)
{
  gsize skip = strlen (field) + 1;
  const void *data;
  gsize length;

  if (journal->stream)
    return quilt_log_stream_get (journal->stream, field, ret_length);
  if (journal->lib.get_data (journal->journal, field, &data, &length) < 0 || length < skip)
    return NULL;
  *ret_length = length - skip;
  return (const char *)data + skip;
}

static gboolean
has (QuiltJournal *journal, const char *field)
{
  gsize length;

  return get (journal, field, &length) != NULL;
}

static const char *
get_copy (QuiltJournal *journal, const char *field, char **slot)
{
  gsize length = 0;
  const char *value = get (journal, field, &length);

  g_free (*slot);
  *slot = value ? g_strndup (value, length) : NULL;
  return *slot;
}

static guint64
get_number (QuiltJournal *journal, const char *field)
{
  gsize length = 0;
  const char *value = get (journal, field, &length);
  g_autofree char *text = value ? g_strndup (value, length) : NULL;
  guint64 number = 0;

  return text && g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &number, NULL) ? number : 0;
}

char *
quilt_journal_get_last_id (QuiltJournal *journal)
{
  g_autofree char *id = NULL;

  if (journal->lib.seek_tail (journal->journal) < 0 ||
      journal->lib.previous (journal->journal) <= 0)
    return NULL;
  get_copy (journal, "CONTAINER_ID_FULL", &id);
  return g_steal_pointer (&id);
}

/* The stream of the current entry, "stdout" or "stderr". Returns NULL if the container did not
 * print it. */
static const char *
get_stream (QuiltJournal *journal)
{
  gsize length = 0;
  const char *value = get (journal, "QUILT_STREAM", &length);

  if (!value)
    return NULL;
  return length == 6 && memcmp (value, "stderr", 6) == 0 ? "stderr" : "stdout";
}

/* Whether the entry ends a line of the wanted stream. */
static gboolean
ends_line (QuiltJournal *journal, const char *wanted)
{
  const char *stream = get_stream (journal);

  return stream && (!wanted || strcmp (stream, wanted) == 0) &&
         !has (journal, "CONTAINER_PARTIAL_MESSAGE");
}

/* Steps back over n_lines ends of lines, and stops before the first entry to read. If there is no
 * entry at the tail, starts at the head: from the tail, reading would never find later entries. */
static int
seek_back (QuiltJournal *journal, guint64 since_usec, guint64 n_lines, const char *stream)
{
  guint64 lines = 0, received;
  int r = journal->lib.seek_tail (journal->journal);

  while (r >= 0 && (r = journal->lib.previous (journal->journal)) > 0) {
    r = journal->lib.get_realtime_usec (journal->journal, &received);
    if (r < 0)
      return r;
    lines += ends_line (journal, stream);
    if (lines > n_lines || received < since_usec)
      return 0; /* the entry here is not to be read, the next one is */
  }
  return r < 0 ? r : journal->lib.seek_head (journal->journal);
}

gboolean
quilt_journal_seek (
    QuiltJournal *journal, guint64 since_usec, guint64 n_lines, const char *stream, GError **error)
{
  int r = n_lines != G_MAXUINT64 ? seek_back (journal, since_usec, n_lines, stream)
          : since_usec > 0       ? journal->lib.seek_realtime_usec (journal->journal, since_usec)
                                 : journal->lib.seek_head (journal->journal);

  return r >= 0 || set_error (error, r, "search");
}

static void
read_entry (QuiltJournal *journal, QuiltLogEntry *entry)
{
  gsize length = 0;
  const char *value;

  entry->stream = get_stream (journal);
  entry->sent_usec = get_number (journal, "_SOURCE_REALTIME_TIMESTAMP");
  if (entry->sent_usec == 0)
    entry->sent_usec = entry->received_usec;
  entry->partial = has (journal, "CONTAINER_PARTIAL_MESSAGE");
  entry->step = (guint)get_number (journal, "QUILT_STEP");
  entry->is_dropped_note = !entry->stream && has (journal, "QUILT_DROPPED");
  entry->name = get_copy (journal, "CONTAINER_NAME", &journal->name);
  entry->state = entry->stream ? NULL : get_copy (journal, "QUILT_STATE", &journal->state);
  value = get (journal, "MESSAGE", &length);
  g_clear_pointer (&journal->message, g_bytes_unref);
  journal->message = g_bytes_new (value, value ? length : 0);
  entry->message = g_bytes_get_data (journal->message, &entry->length);
}

static int
next_of_stream (QuiltJournal *journal, QuiltLogEntry *ret_entry, GError **error)
{
  int r = quilt_log_stream_next (journal->stream, error);

  if (r > 0) {
    QuiltLogEntry entry = {.received_usec = get_number (journal, "__REALTIME_TIMESTAMP")};

    read_entry (journal, &entry);
    *ret_entry = entry;
  }
  return r;
}

int
quilt_journal_next (QuiltJournal *journal, QuiltLogEntry *ret_entry, GError **error)
{
  int r;

  if (journal->stream)
    return next_of_stream (journal, ret_entry, error);
  r = journal->lib.next (journal->journal);
  if (r > 0) {
    QuiltLogEntry entry = {0};

    r = journal->lib.get_realtime_usec (journal->journal, &entry.received_usec);
    if (r >= 0) {
      read_entry (journal, &entry);
      *ret_entry = entry;
      return 1;
    }
  }
  if (r < 0) {
    set_error (error, r, "read");
    return -1;
  }
  return 0;
}

/* As journalctl prints it: text as a string, other values as an array of bytes. */
static json_object *
new_value (const char *data, gsize length)
{
  json_object *bytes;

  if (g_utf8_validate_len (data, length, NULL))
    return json_object_new_string_len (data, (int)length);
  bytes = json_object_new_array ();
  for (gsize i = 0; i < length; i++)
    json_object_array_add (bytes, json_object_new_int ((guchar)data[i]));
  return bytes;
}

static void
add_number (json_object *object, const char *key, guint64 number)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, number);

  json_object_object_add (object, key, json_object_new_string (text));
}

json_object *
quilt_journal_to_json (QuiltJournal *journal)
{
  json_object *object;
  const void *data;
  guint64 usec;
  gsize length;
  char *cursor;

  if (journal->stream)
    return json_object_get (quilt_log_stream_get_entry (journal->stream));
  object = json_object_new_object ();
  if (journal->lib.get_cursor (journal->journal, &cursor) >= 0) {
    json_object_object_add (object, "__CURSOR", json_object_new_string (cursor));
    g_free (cursor); /* allocated by malloc(), which GLib also uses */
  }
  if (journal->lib.get_realtime_usec (journal->journal, &usec) >= 0)
    add_number (object, "__REALTIME_TIMESTAMP", usec);
  journal->lib.restart_data (journal->journal);
  while (journal->lib.enumerate_data (journal->journal, &data, &length) > 0) {
    const char *equals = memchr (data, '=', length);
    g_autofree char *key = equals ? g_strndup (data, (gsize)(equals - (const char *)data)) : NULL;

    if (key)
      json_object_object_add (object, key, new_value (equals + 1, length - strlen (key) - 1));
  }
  return object;
}

static void
process (QuiltJournal *journal)
{
  /* Entries were appended, or files were rotated. In both cases there may be more to read. */
  if (journal->lib.process (journal->journal) != SD_JOURNAL_NOP)
    journal->func (journal->data);
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  process (data);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_more_of_stream (int fd, GIOCondition condition, gpointer data)
{
  QuiltJournal *journal = data;

  journal->func (journal->data);
  if (!quilt_log_stream_is_at_end (journal->stream))
    return G_SOURCE_CONTINUE;
  journal->source = 0;
  return G_SOURCE_REMOVE;
}

static gboolean
on_timeout (gpointer data)
{
  process (data);
  return G_SOURCE_CONTINUE;
}

gboolean
quilt_journal_watch (QuiltJournal *journal,
                     void (*func) (gpointer data),
                     gpointer data,
                     GError **error)
{
  int fd;

  journal->func = func;
  journal->data = data;
  if (journal->stream) {
    journal->source = g_unix_fd_add (quilt_log_stream_get_fd (journal->stream), G_IO_IN | G_IO_HUP,
                                     on_more_of_stream, journal);
    return TRUE;
  }
  fd = journal->lib.get_fd (journal->journal);
  if (fd < 0)
    return set_error (error, fd, "watch");
  journal->source = g_unix_fd_add (fd, (GIOCondition)journal->lib.get_events (journal->journal),
                                   on_readable, journal);
  /* On a network file system there are no events for changes. */
  if (!journal->lib.reliable_fd (journal->journal))
    journal->timeout = g_timeout_add (2000, on_timeout, journal);
  return TRUE;
}
