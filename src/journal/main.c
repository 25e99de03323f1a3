/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quilt-log: writes a container's journal to a pipe, for a caller of quiltd that can't read the
 * journal. */
#include "journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FD_CONTROL 3 /* connection to quiltd, which closes it when it ends */
#define FD_OUTPUT 4  /* the pipe */

/* journald may lag this far behind its clients. */
#define BEHIND_MSEC 1000

typedef struct {
  QuiltJournal *journal;
  GMainLoop *loop;
  guint64 until_usec;
  const char *stream;       /* write only this stream; NULL: all */
  guint64 ended_after_usec; /* the first later entry about the container's end is the last one */
  gboolean follow;
  gboolean settling; /* waiting for the entry about the end, without writing */
  gboolean done;
} Reader;

/* Root can read its own files without capabilities. */
static gboolean
drop_capabilities (void)
{
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

  return prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall (SYS_capset, &header, none) == 0;
}

/* Returns FALSE if the reader or quiltd is gone. */
static gboolean
wait_for_reader (void)
{
  struct pollfd fds[] = {{.fd = FD_OUTPUT, .events = POLLOUT}, {.fd = FD_CONTROL}};

  while (poll (fds, G_N_ELEMENTS (fds), -1) < 0)
    if (errno != EINTR)
      return FALSE;
  return fds[0].revents == POLLOUT && fds[1].revents == 0;
}

static gboolean
write_all (const char *data, gsize length)
{
  while (length > 0) {
    ssize_t n;

    if (!wait_for_reader ())
      return FALSE;
    n = write (FD_OUTPUT, data, length);
    if (n < 0 && errno != EAGAIN)
      return FALSE;
    if (n > 0) {
      data += n;
      length -= (gsize)n;
    }
  }
  return TRUE;
}

static gboolean
write_line (Reader *reader)
{
  g_autoptr (json_object) object = quilt_journal_to_json (reader->journal);
  g_autofree char *json = quilt_json_print (object, FALSE);
  g_autofree char *line = g_strconcat (json, "\n", NULL);

  return write_all (line, strlen (line));
}

static gboolean
write_entry (Reader *reader, const QuiltLogEntry *entry)
{
  if (reader->settling)
    return TRUE;
  if (reader->stream && g_strcmp0 (entry->stream, reader->stream) != 0)
    return TRUE;
  return write_line (reader);
}

static gboolean
is_end (const Reader *reader, const QuiltLogEntry *entry)
{
  return reader->follow && entry->sent_usec >= reader->ended_after_usec &&
         (g_strcmp0 (entry->state, "exited") == 0 || g_strcmp0 (entry->state, "failed") == 0);
}

/* Writes all available entries. */
static void
read_all (gpointer data)
{
  Reader *reader = data;
  g_autoptr (GError) error = NULL;
  QuiltLogEntry entry;
  int r;

  while (!reader->done && (r = quilt_journal_next (reader->journal, &entry, &error)) != 0) {
    if (r < 0)
      g_printerr ("%s\n", error->message);
    reader->done = r < 0 || entry.received_usec > reader->until_usec ||
                   !write_entry (reader, &entry) || is_end (reader, &entry);
  }
  if (reader->done && reader->loop)
    g_main_loop_quit (reader->loop);
}

static gboolean
on_hangup (int fd, GIOCondition condition, gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_overdue (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

static gboolean
follow (Reader *reader, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  if (!quilt_journal_watch (reader->journal, read_all, reader, error))
    return FALSE;
  g_unix_fd_add (FD_CONTROL, G_IO_HUP | G_IO_ERR, on_hangup, loop);
  g_unix_fd_add (FD_OUTPUT, G_IO_ERR, on_hangup, loop);
  if (reader->settling)
    g_timeout_add (BEHIND_MSEC, on_overdue, loop);
  reader->loop = loop;
  read_all (reader);
  if (!reader->done)
    g_main_loop_run (loop);
  reader->loop = NULL;
  return TRUE;
}

/* The container's last output may still be on its way to journald. Waits for the entry about the
 * container's end, so that the last lines are complete. */
static gboolean
settle (Reader *reader, GError **error)
{
  reader->settling = TRUE;
  if (!quilt_journal_seek (reader->journal, reader->ended_after_usec, G_MAXUINT64, NULL, error) ||
      !follow (reader, error))
    return FALSE;
  reader->settling = reader->follow = reader->done = FALSE;
  return TRUE;
}

static gboolean
parse_number (const char *text, guint64 *ret_number)
{
  return g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, ret_number, NULL);
}

/* quilt-log ID SINCE UNTIL LINES STREAM ENDED-AFTER STATE. Times are in µs since 1970. STREAM: the
 * stream whose lines count, "stdout", "stderr" or "" for both. ENDED-AFTER: 0 to write only the
 * present entries, otherwise the time after which the entry about the container's end is expected.
 * STATE: "runs" or "ended". */
int
main (int argc, char **argv)
{
  Reader reader = {0};
  g_autoptr (QuiltJournal) journal = NULL;
  g_autoptr (GError) error = NULL;
  guint64 since, lines;

  if (argc != 8 || !drop_capabilities () || fcntl (FD_CONTROL, F_SETFD, FD_CLOEXEC) < 0 ||
      fcntl (FD_OUTPUT, F_SETFL, O_NONBLOCK) < 0 || !parse_number (argv[2], &since) ||
      !parse_number (argv[3], &reader.until_usec) || !parse_number (argv[4], &lines)) {
    g_printerr ("quilt-log is internal: quiltd starts it\n");
    return EXIT_FAILURE;
  }
  signal (SIGPIPE, SIG_IGN);
  reader.stream = *argv[5] ? argv[5] : NULL;
  reader.follow = parse_number (argv[6], &reader.ended_after_usec) && reader.ended_after_usec > 0;
  reader.journal = journal = quilt_journal_open ("CONTAINER_ID_FULL", argv[1], &error);
  if (!journal || (strcmp (argv[7], "ended") == 0 && reader.follow && !settle (&reader, &error)) ||
      !quilt_journal_seek (journal, since, lines, reader.stream, &error) ||
      (reader.follow && !follow (&reader, &error))) {
    g_printerr ("%s\n", error->message);
    return EXIT_FAILURE;
  }
  read_all (&reader);
  return EXIT_SUCCESS;
}
