/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's log: its lines as journal entries, with the fields that say whose they are. */
#pragma once

#include "base/journal-socket.h"
#include "proto/budget.h"
#include "supervisor/rate.h"

/* Text of a line that goes into one entry; a longer line is several, all but the last partial. */
#define QUILT_LOG_LINE_MAX (48 * 1024)

/* What an entry takes in the journal beside its text, about: 540 to 580 bytes were measured with
 * systemd 252 for our fields, journald's own and the indexes. */
#define QUILT_LOG_ENTRY_COST 600

/* Entries that go with one system call. */
#define QUILT_LOG_BATCH 64

typedef enum {
  QUILT_STREAM_STDOUT,
  QUILT_STREAM_STDERR,
  QUILT_N_STREAMS,
} QuiltStream;

typedef struct {
  QuiltJournalSocket journal;
  QuiltRate rate;
  QuiltBudget budget;
  gint64 held_usec; /* the budget is spent: until then (g_get_monotonic_time()); 0: it is not */
  gint64 told_usec; /* when that was last said in the log; 0: never */
  char *id;
  char *name;
  char *image;
  guint step;
  GString *heads[QUILT_N_STREAMS]; /* all of an entry before its text */
} QuiltLog;

/* One piece of a line. */
typedef struct {
  char *text;
  gsize length;
  gboolean line_break; /* text[length] is one */
  gboolean partial;    /* the line goes on */
} QuiltPiece;

void quilt_log_init (
    QuiltLog *log, const char *path, const char *id, const char *name, const char *image);
void quilt_log_clear (QuiltLog *log);

void quilt_log_set_name (QuiltLog *log, const char *name);
/* The setup step that the lines from now on are of; 0: none. */
void quilt_log_set_step (QuiltLog *log, guint step);

/* Whether nothing can be sent at the moment: journald is behind or away, or the container has had
 * its share of the journal. Finds out anew about the share once its time is over. */
gboolean quilt_log_is_blocked (QuiltLog *log, gint64 now_usec);

/* Sends up to QUILT_LOG_BATCH pieces and returns how many were taken. */
guint quilt_log_send (QuiltLog *log, QuiltStream stream, const QuiltPiece *pieces, guint n);

/* A line of ours about the container. FALSE if it can't be sent now. */
gboolean quilt_log_note (QuiltLog *log, int priority, const char *text);

/* A process of the container was killed for want of memory; victim NULL: nobody knows which. kills:
 * how many until now. FALSE if it can't be sent now. */
gboolean
quilt_log_oom (QuiltLog *log, const char *text, const char *victim, gint64 pid, guint64 kills);

/* Says how many lines were dropped, if that is due (or: if any were). FALSE if it can't be sent
 * now. */
gboolean quilt_log_report_dropped (QuiltLog *log, gint64 now_usec, gboolean all);
