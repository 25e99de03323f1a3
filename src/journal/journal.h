/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading one container's entries from the journal; see sd-journal(3). */
#pragma once

#include "base/json.h"

#include <glib.h>

typedef struct QuiltJournal QuiltJournal;

/* One entry. Its pointers are valid until the next entry is read. */
typedef struct {
  guint64 received_usec; /* when journald received it; --since and --until use this time */
  guint64 sent_usec;
  const char *stream; /* "stdout" or "stderr"; NULL: the container did not print it */
  const char *name;
  const char *state; /* the container's new state, if quiltd logged a change of state; else NULL */
  gboolean is_dropped_note; /* "900 lines were dropped" */
  guint step;               /* the setup step that printed it, or 0 */
  gboolean partial;         /* the next entry of this stream continues the line */
  const char *message;      /* bytes */
  gsize length;
} QuiltLogEntry;

/* Opens the journal for entries with field=value, before the first one. Reads only entries of
 * root's processes, since anybody can write entries with such fields. NOT_AUTHORIZED if the caller
 * can't read the system's journal. */
QuiltJournal *quilt_journal_open (const char *field, const char *value, GError **error);
/* Reads entries that quilt-log writes to a pipe, from the pipe's beginning; seeking is not
 * possible. Takes ownership of fd. Without follow, reading waits for the next entry. */
QuiltJournal *quilt_journal_open_stream (int fd, gboolean follow);
/* Whether the pipe has ended. A journal never ends. */
gboolean quilt_journal_is_at_end (const QuiltJournal *journal);
void quilt_journal_close (QuiltJournal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltJournal, quilt_journal_close)

/* The container's ID in the newest entry; NULL if there is no entry. Owned by the caller. */
char *quilt_journal_get_last_id (QuiltJournal *journal);

/* Continues at the first entry from since_usec on (0: the first of all), or at the last n_lines
 * lines if these begin later (G_MAXUINT64: no such limit). stream: whose lines count, "stdout" or
 * "stderr"; NULL: both. */
gboolean quilt_journal_seek (
    QuiltJournal *journal, guint64 since_usec, guint64 n_lines, const char *stream, GError **error);

/* Returns 1 if there was a next entry, 0 if there is none now, -1 with an error. */
int quilt_journal_next (QuiltJournal *journal, QuiltLogEntry *ret_entry, GError **error);

/* The current entry with all its fields, as journalctl(1) prints JSON. */
json_object *quilt_journal_to_json (QuiltJournal *journal);

/* Calls func on the main loop whenever there may be more entries, also after a rotation. Call it
 * only once. Returns FALSE with an error if the journal can't be watched. */
gboolean quilt_journal_watch (QuiltJournal *journal,
                              void (*func) (gpointer data),
                              gpointer data,
                              GError **error);
