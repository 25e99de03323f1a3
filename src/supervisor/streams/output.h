/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One stream of the container's output: copies its pipe or terminal to the log and to attached
 * clients. */
#pragma once

#include "supervisor/streams/attachment.h"
#include "supervisor/streams/log.h"

#define QUILT_OUTPUT_BUFFER (64 * 1024)
/* Bytes of the latest output that are kept for clients that attach. */
#define QUILT_OUTPUT_TAIL (16 * 1024)
/* Bytes of a stream that wait for one follower, and for all together. A follower that is further
 * behind is dropped. */
#define QUILT_OUTPUT_FOLLOWER (4 * 1024 * 1024)
#define QUILT_OUTPUT_FOLLOWERS (16 * 1024 * 1024)

/* Bytes buffered for the log: AHEAD while journald is away, so that a reader need not wait for
 * journald; REST more after the container's end, when only the contents of the pipe are left. */
#define QUILT_OUTPUT_AHEAD (4 * 1024 * 1024)
#define QUILT_OUTPUT_REST (2 * 1024 * 1024)

typedef struct {
  QuiltStream stream;
  QuiltLog *log;
  int fd; /* reading end of the pipe, or master of the terminal, non-blocking; -1 after its end */
  gboolean is_terminal;
  QuiltAttachment attachment; /* of the client that started the container, which waits for it */
  GPtrArray *followers; /* attachments of other clients, for which the container never waits */
  char *buffer;
  gsize capacity;
  gsize start, end;  /* the bytes of buffer that were read and not logged yet */
  gsize searched;    /* there is no line break before this offset */
  gboolean split;    /* an earlier entry has the beginning of the line at start */
  gboolean dropping; /* the line at start is beyond the rate limit */
  gboolean finished; /* no more output follows */
  gboolean emptied;  /* everything in the pipe was read, since take_all() */
  gboolean marked;   /* read at most `left` more bytes */
  gsize left;
  GString *tail; /* the latest output, since the setup step or the command began */
} QuiltOutput;

/* Takes ownership of both descriptors. */
void
quilt_output_init (QuiltOutput *output, QuiltLog *log, QuiltStream stream, int fd, int attached_fd);
void quilt_output_clear (QuiltOutput *output);

/* Reads a terminal from now on. Takes ownership of its master. */
void quilt_output_set_terminal (QuiltOutput *output, int master);

/* Copies the last lines of output, and all later output, to the attachment, which the caller keeps.
 * Drops it if it is too slow. */
void quilt_output_follow (QuiltOutput *output, QuiltAttachment *attachment, guint64 lines);
void quilt_output_unfollow (QuiltOutput *output, QuiltAttachment *attachment);

/* Whether a client still has to take output. */
gboolean quilt_output_has_readers (const QuiltOutput *output);
/* Gives up the followers, or all clients. */
void quilt_output_drop_followers (QuiltOutput *output);
void quilt_output_drop_readers (QuiltOutput *output);

/* Called when the container has ended. The contents of its pipe are limited, so they are read at
 * once. */
void quilt_output_take_all (QuiltOutput *output);

/* Reads and logs output, up to a limit that lets other sources have their turn. Returns TRUE if
 * there is no more output now and all complete lines are logged. Returns FALSE if there may be
 * more, or it can't be taken now. */
gboolean quilt_output_pump (QuiltOutput *output);

/* Called when the container's processes have ended or wait. At most what the pipe can hold now is
 * theirs. Another container may have the pipe's writing end and write for ever, so nothing beyond
 * that is read until unmark(). */
void quilt_output_mark (QuiltOutput *output);
void quilt_output_unmark (QuiltOutput *output);

/* Logs a last line without a line break. Returns FALSE if that is not possible now. */
gboolean quilt_output_end_line (QuiltOutput *output);

/* Stops reading. The reader gets end of file. */
void quilt_output_finish (QuiltOutput *output);

/* The pipe to poll for, if its data could be taken. */
struct pollfd quilt_output_poll (const QuiltOutput *output);
