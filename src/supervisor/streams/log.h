/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's log: sends each line as a journal entry, with fields that identify the
 * container. */
#pragma once

#include "base/journal-socket.h"
#include "proto/budget.h"
#include "supervisor/streams/rate.h"

/* The largest text of one entry. A longer line becomes several entries; all but the last are
 * partial. */
#define QUILT_LOG_LINE_MAX (48 * 1024)

/* The space in bytes that an entry takes in the journal besides its text. With systemd 252, our
 * fields, journald's own fields and the indexes took 540 to 580 bytes. */
#define QUILT_LOG_ENTRY_COST 600

/* Entries sent with one system call. */
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
  /* the budget is used up until this time (g_get_monotonic_time()); 0: it is not */
  gint64 held_usec;
  gint64 told_usec; /* when the log last said so; 0: never */
  char *id;
  char *name;
  char *image;
  guint step;
  GString *heads[QUILT_N_STREAMS]; /* the fields of an entry that come before its text */
} QuiltLog;

/* A part of a line. */
typedef struct {
  char *text;
  gsize length;
  gboolean line_break; /* text[length] is a line break */
  gboolean partial;    /* the line continues in the next piece */
} QuiltPiece;

void quilt_log_init (
    QuiltLog *log, const char *path, const char *id, const char *name, const char *image);
void quilt_log_clear (QuiltLog *log);

void quilt_log_set_name (QuiltLog *log, const char *name);
/* Sets the setup step that the following lines belong to; 0: none. */
void quilt_log_set_step (QuiltLog *log, guint step);

/* Whether nothing can be sent now: journald is slow or away, or the container has used up its share
 * of the journal. Checks the share again after held_usec. */
gboolean quilt_log_is_blocked (QuiltLog *log, gint64 now_usec);

/* Sends up to QUILT_LOG_BATCH pieces and returns how many journald took. */
guint quilt_log_send (QuiltLog *log, QuiltStream stream, const QuiltPiece *pieces, guint n);

/* Logs a message of Quilt about the container. Returns FALSE if it can't be sent now. */
gboolean quilt_log_note (QuiltLog *log, int priority, const char *text);

/* Logs that the kernel killed a process of the container because memory ran out. victim is NULL if
 * its name is unknown. kills counts all such kills so far. Returns FALSE if it can't be sent
 * now. */
gboolean
quilt_log_oom (QuiltLog *log, const char *text, const char *victim, gint64 pid, guint64 kills);

/* Logs the number of dropped lines, if the report is due, or with all, if any were dropped. Returns
 * FALSE if it can't be sent now. */
gboolean quilt_log_report_dropped (QuiltLog *log, gint64 now_usec, gboolean all);
