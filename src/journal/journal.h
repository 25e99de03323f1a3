/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the journal holds of one container; see sd-journal(3). */
#pragma once

#include "base/json.h"

#include <glib.h>

typedef struct QuiltJournal QuiltJournal;

/* One entry; pointers hold until the next one is read. */
typedef struct {
  guint64 received_usec; /* by journald; what --since and --until mean */
  guint64 sent_usec;
  const char *stream; /* "stdout", "stderr"; NULL: not printed by the container */
  const char *name;
  const char *state; /* the container's new state, where quiltd logs a change of it, or NULL */
  gboolean is_dropped_note; /* "900 lines were dropped" */
  guint step;               /* the setup step that printed it, or 0 */
  gboolean partial;         /* the next entry of this stream goes on with the line */
  const char *message;      /* bytes */
  gsize length;
} QuiltLogEntry;

/* Opens the journal for the entries with field=value that root's processes wrote: anybody can write
 * entries with such fields. Before the first one. NOT_AUTHORIZED if the caller can read none of the
 * system's journal. */
QuiltJournal *quilt_journal_open (const char *field, const char *value, GError **error);
/* The same entries as quilt-log writes them, from a pipe that is taken over: it is read from its
 * beginning, and can't be searched. Without follow, reading waits for the next entry. */
QuiltJournal *quilt_journal_open_stream (int fd, gboolean follow);
/* Whether the pipe has ended; a journal never has. */
gboolean quilt_journal_is_at_end (const QuiltJournal *journal);
void quilt_journal_close (QuiltJournal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltJournal, quilt_journal_close)

/* The ID of the container that the newest entry tells of; NULL if there is no entry. Owned by the
 * caller. */
char *quilt_journal_get_last_id (QuiltJournal *journal);

/* Continues at the first entry of since_usec (0: of all) or later, or at the last n_lines lines if
 * that is later; G_MAXUINT64: no such bound. stream: whose lines count, "stdout" or "stderr"; NULL:
 * those of both. */
gboolean quilt_journal_seek (
    QuiltJournal *journal, guint64 since_usec, guint64 n_lines, const char *stream, GError **error);

/* 1: got the next entry; 0: there is none now; -1 with error. */
int quilt_journal_next (QuiltJournal *journal, QuiltLogEntry *ret_entry, GError **error);

/* The current entry with all its fields, as journalctl(1) prints JSON. */
json_object *quilt_journal_to_json (QuiltJournal *journal);

/* Calls func whenever there may be more, rotation of its files included; on the main loop, once.
 * FALSE with error where the journal can't be watched. */
gboolean quilt_journal_watch (QuiltJournal *journal,
                              void (*func) (gpointer data),
                              gpointer data,
                              GError **error);
