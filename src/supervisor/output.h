/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One stream of the container's output: from its pipe to the log and to the attached client. */
#pragma once

#include "supervisor/attachment.h"
#include "supervisor/log.h"

#define QUILT_OUTPUT_BUFFER (64 * 1024)
#define QUILT_OUTPUT_TAIL 1024

/* What is kept for the log while journald is away, so that a reader need not wait for it; and after
 * the container's end, when no more can come than what a pipe holds. */
#define QUILT_OUTPUT_AHEAD (4 * 1024 * 1024)
#define QUILT_OUTPUT_REST (2 * 1024 * 1024)

typedef struct {
  QuiltStream stream;
  QuiltLog *log;
  int fd; /* the pipe's reading end, non-blocking; -1: end of file */
  QuiltAttachment attachment;
  char *buffer;
  gsize capacity;
  gsize start, end;  /* what of it was read and not logged */
  gsize searched;    /* up to here there is no line break */
  gboolean split;    /* the line at start was begun by an entry before */
  gboolean dropping; /* … and is beyond the rate limit */
  gboolean emptied;  /* all that the pipe held was read, since take_all() */
  gboolean marked;   /* no more than left bytes are read */
  gsize left;
  GString *tail; /* last bytes, kept while wanted; NULL: not wanted */
} QuiltOutput;

/* Takes both descriptors over. */
void
quilt_output_init (QuiltOutput *output, QuiltLog *log, QuiltStream stream, int fd, int attached_fd);
void quilt_output_clear (QuiltOutput *output);

/* The container has ended: what its pipe still holds is not much, and is read at once. */
void quilt_output_take_all (QuiltOutput *output);

/* Reads and logs what there is, up to a limit that leaves the others their turn. TRUE: for now
 * there is no more, and all complete lines are logged. FALSE: there may be more, or it can't be
 * taken at the moment. */
gboolean quilt_output_pump (QuiltOutput *output);

/* The container's processes are at an end, or wait: what the pipe can hold now is the most that is
 * still theirs. Another container that was handed the pipe may write to it for ever; from now on
 * what comes after that is not read, until unmarked. */
void quilt_output_mark (QuiltOutput *output);
void quilt_output_unmark (QuiltOutput *output);

/* Logs a last line that has no line break. FALSE if that is not possible now. */
gboolean quilt_output_end_line (QuiltOutput *output);

/* No more is read, and the reader gets the end of file. */
void quilt_output_finish (QuiltOutput *output);

/* What to wait for: the pipe, if what it has could be taken. */
struct pollfd quilt_output_poll (const QuiltOutput *output);
