/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a pipe to the journal: every byte, in order, whatever journald and the readers do. */
#include "harness.h"

extern "C" {
#include "supervisor/streams/output.h"
}

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

class LogTest : public testing::Test
{
protected:
  void SetUp () override
  {
    char name[] = "/tmp/quilt-test-XXXXXX";

    directory = mkdtemp (name);
    path = directory + "/journal";
    journald = new Journald (path);
    quilt_log_init (&log, path.c_str (), "0123456789abcdef0123456789abcdef", "web", "box");
    open_output (-1);
  }

  void TearDown () override
  {
    quilt_fd_clear (&in);
    quilt_output_clear (&output);
    quilt_log_clear (&log);
    delete journald;
    std::filesystem::remove_all (directory);
  }

  void open_output (int attached)
  {
    int fds[2];

    quilt_fd_clear (&in);
    if (output.buffer)
      quilt_output_clear (&output);
    ASSERT_EQ (pipe2 (fds, O_CLOEXEC | O_NONBLOCK), 0);
    if (attached >= 0)
      g_unix_set_fd_nonblocking (attached, TRUE, nullptr);
    in = fds[1];
    quilt_output_init (&output, &log, QUILT_STREAM_STDOUT, fds[0], attached);
  }

  /* One turn of the supervisor's loop, and one of journald. */
  bool turn (bool final = false)
  {
    struct pollfd fds[] = {quilt_journal_socket_poll (&log.journal),
                           quilt_attachment_poll (&output.attachment)};
    bool done;

    poll (fds, 2, 0);
    quilt_journal_socket_handle (&log.journal, fds[0].revents, now ());
    quilt_attachment_handle (&output.attachment, fds[1].revents);
    done = quilt_output_pump (&output) && (!final || quilt_output_end_line (&output));
    journald->read ();
    return done;
  }

  /* Writes all of text, as fast as it is taken, and lets it arrive. */
  void write_all (const std::string &text, bool final = true)
  {
    size_t done = 0;

    while (done < text.size ()) {
      ssize_t n = write (in, text.data () + done, text.size () - done);

      done += n > 0 ? (size_t)n : 0;
      turn ();
    }
    while (!turn (final))
      ;
    journald->read ();
  }

  static gint64 now ()
  {
    return g_get_monotonic_time ();
  }

  /* The text of all entries, joined as it was. */
  std::string joined () const
  {
    std::string text;

    for (const Entry &entry : journald->entries)
      text += entry.at ("MESSAGE") + (entry.count ("CONTAINER_PARTIAL_MESSAGE") ? "" : "\n");
    return text;
  }

  std::string directory, path;
  Journald *journald = nullptr;
  QuiltLog log = {};
  QuiltOutput output = {};
  int in = -1;
};

TEST_F (LogTest, FieldsSayWhoseItIs)
{
  write_all ("hello\n");
  ASSERT_EQ (journald->entries.size (), 1u);
  EXPECT_EQ (journald->entries[0], (Entry{{"MESSAGE", "hello"},
                                          {"PRIORITY", "6"},
                                          {"SYSLOG_IDENTIFIER", "web"},
                                          {"CONTAINER_ID", "0123456789ab"},
                                          {"CONTAINER_ID_FULL", "0123456789abcdef0123456789abcdef"},
                                          {"CONTAINER_NAME", "web"},
                                          {"CONTAINER_TAG", "web"},
                                          {"IMAGE_NAME", "box"},
                                          {"QUILT_STREAM", "stdout"}}));
  quilt_log_set_step (&log, 3);
  quilt_log_set_name (&log, "a\nb=c"); /* not a valid name, but no field may be forged */
  write_all ("step\n");
  EXPECT_EQ (journald->entries[1].at ("QUILT_STEP"), "3");
  EXPECT_EQ (journald->entries[1].at ("CONTAINER_NAME"), "a\nb=c");
  EXPECT_EQ (journald->entries[1].count ("b"), 0u);
}

TEST_F (LogTest, EveryByteArrives)
{
  const std::string cases[] = {
      "a\n",
      "\n",
      "\n\n\n",
      "no line break",
      std::string ("nul\0in\0it\n", 10),
      "\xff\xfe\x80 binary\n",
      "MESSAGE=forged\nPRIORITY=0\n",
      "carriage\r\nreturn\r\n",
      "one\ntwo\nthree",
      std::string (200, '\n'),
  };

  for (const std::string &text : cases) {
    journald->entries.clear ();
    write_all (text);
    EXPECT_EQ (joined (), text.back () == '\n' ? text : text + "\n");
  }
}

TEST_F (LogTest, ALineMayComeInManyParts)
{
  for (const char *part : {"he", "ll", "o", "\nwor", "ld"}) {
    ASSERT_GT (write (in, part, strlen (part)), 0);
    turn ();
  }
  EXPECT_EQ (journald->messages (), Strings{"hello"});
  while (!turn (true))
    ;
  EXPECT_EQ (journald->messages (), (Strings{"hello", "world"}));
}

TEST_F (LogTest, LongLinesAreSplitAndMarked)
{
  const size_t max = QUILT_LOG_LINE_MAX;

  for (size_t length : {max - 1, max, max + 1, 2 * max, 2 * max + 1, 10 * max + 77}) {
    std::string line;

    for (size_t i = 0; i < length; i++)
      line += (char)('a' + i % 26);
    journald->entries.clear ();
    write_all (line + "\nnext\n");
    EXPECT_EQ (joined (), line + "\nnext\n");
    EXPECT_EQ (journald->entries.size (), (length + max - 1) / max + 1);
    for (const Entry &entry : journald->entries)
      EXPECT_LE (entry.at ("MESSAGE").size (), max);
    EXPECT_EQ (journald->entries[0].count ("CONTAINER_PARTIAL_MESSAGE"), length > max ? 1u : 0u);
  }
}

TEST_F (LogTest, ACharacterIsNotSplit)
{
  std::string line (QUILT_LOG_LINE_MAX - 1, 'x');

  line += "\xe2\x82\xac and more"; /* € across the limit */
  write_all (line + "\n");
  ASSERT_EQ (journald->entries.size (), 2u);
  EXPECT_EQ (journald->entries[1].at ("MESSAGE"), "\xe2\x82\xac and more");
  EXPECT_EQ (joined (), line + "\n");
}

TEST_F (LogTest, OneLineOfMegabytesIsBounded)
{
  std::string line (20 << 20, 'z');

  write_all (line);
  EXPECT_EQ (joined (), line + "\n");
}

TEST_F (LogTest, ManyLinesKeepTheirOrder)
{
  std::string text;

  for (int i = 0; i < 50000; i++)
    text += std::to_string (i) + "\n";
  write_all (text);
  EXPECT_EQ (joined (), text);
}

TEST_F (LogTest, WhenJournaldIsBehindThePipeFillsUp)
{
  std::string text;
  size_t done = 0;
  int full = 0;

  for (int i = 0; i < 100000; i++)
    text += std::to_string (i) + "\n";
  /* journald does not read at all: soon nothing is taken any more. */
  while (full < 3) {
    struct pollfd journal = quilt_journal_socket_poll (&log.journal);
    ssize_t n = write (in, text.data () + done, text.size () - done);

    done += n > 0 ? (size_t)n : 0;
    full += n > 0 ? 0 : 1;
    poll (&journal, 1, 0);
    quilt_journal_socket_handle (&log.journal, journal.revents, now ());
    quilt_output_pump (&output);
  }
  ASSERT_LT (done, text.size ());
  EXPECT_TRUE (quilt_journal_socket_is_blocked (&log.journal));
  EXPECT_EQ (quilt_output_poll (&output).fd, -1);
  EXPECT_TRUE (quilt_journal_socket_is_unread (&log.journal));
  write_all (text.substr (done));
  EXPECT_EQ (joined (), text);
  EXPECT_FALSE (quilt_journal_socket_is_unread (&log.journal));
}

TEST_F (LogTest, OneEmptyDatagramFollowsTheLastEntry)
{
  char byte;

  quilt_journal_socket_seal (&log.journal); /* nothing was sent */
  EXPECT_FALSE (quilt_journal_socket_is_unread (&log.journal));
  for (const char *line : {"one\n", "two\n"}) {
    write_all (line);
    EXPECT_FALSE (quilt_journal_socket_is_unread (&log.journal));
    quilt_journal_socket_seal (&log.journal);
    quilt_journal_socket_seal (&log.journal);
    EXPECT_TRUE (quilt_journal_socket_is_unread (&log.journal));
    EXPECT_EQ (recv (journald->fd, &byte, 1, MSG_DONTWAIT), 0);
    EXPECT_FALSE (quilt_journal_socket_is_unread (&log.journal));
  }
}

class FullQueueTest : public LogTest
{
protected:
  /* Sends as many lines as are taken. */
  guint fill (const std::string &text)
  {
    std::string line = text + "\n";
    const QuiltPiece piece = {line.data (), text.size (), TRUE, FALSE};
    guint n = 0;

    while (quilt_log_send (&log, QUILT_STREAM_STDOUT, &piece, 1) == 1)
      n++;
    return n;
  }

  /* journald takes this many entries. */
  void take (guint n)
  {
    char byte;

    for (guint i = 0; i < n; i++)
      EXPECT_EQ (recv (journald->fd, &byte, 1, MSG_DONTWAIT), 1);
  }

  bool waits_for_event () const
  {
    struct pollfd journal = quilt_journal_socket_poll (&log.journal);

    EXPECT_EQ (journal.fd<0, quilt_journal_socket_get_deadline (&log.journal)> 0);
    return journal.fd >= 0;
  }
};

/* An event for each entry that journald takes would cost both a change of processes. */
TEST_F (FullQueueTest, ItIsRefilledAfterAPause)
{
  const std::string line (40000, 'b');
  gint64 resume;

  ASSERT_GT (fill (line), 5u);
  EXPECT_FALSE (waits_for_event ());
  resume = quilt_journal_socket_get_deadline (&log.journal);
  EXPECT_LT (resume, now () + G_USEC_PER_SEC / 10);
  take (5);
  quilt_journal_socket_handle (&log.journal, 0, resume - 1);
  EXPECT_EQ (fill (line), 0u);
  quilt_journal_socket_handle (&log.journal, 0, resume);
  EXPECT_GE (fill (line), 4u);
  EXPECT_FALSE (waits_for_event ());
}

TEST_F (FullQueueTest, AStoppedJournaldIsWaitedForByAnEvent)
{
  const std::string line (40000, 'b');

  ASSERT_GT (fill (line), 5u);
  quilt_journal_socket_handle (&log.journal, 0, quilt_journal_socket_get_deadline (&log.journal));
  EXPECT_EQ (fill (line), 0u);
  ASSERT_TRUE (waits_for_event ());
  struct pollfd journal = quilt_journal_socket_poll (&log.journal);
  EXPECT_EQ (poll (&journal, 1, 0), 0);
  journald->read ();
  EXPECT_EQ (poll (&journal, 1, 0), 1);
  quilt_journal_socket_handle (&log.journal, journal.revents, now ());
  EXPECT_GT (fill (line), 5u);
}

/* journald would have nothing to do before the pause is over. */
TEST_F (FullQueueTest, AShortQueueIsWaitedForByAnEvent)
{
  const int size = 16384;

  write_all ("connect\n");
  ASSERT_EQ (setsockopt (log.journal.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
  ASSERT_GT (fill ("short"), 1u);
  EXPECT_TRUE (waits_for_event ());
}

TEST_F (LogTest, JournaldMayBeRestarted)
{
  write_all ("before\n");
  journald->close ();
  ASSERT_GT (write (in, "meanwhile\nand\n", 14), 0);
  EXPECT_FALSE (turn ());
  EXPECT_GT (log.journal.retry_usec, now ());
  EXPECT_EQ (quilt_output_poll (&output).fd, -1);
  std::filesystem::remove (path);
  quilt_journal_socket_handle (&log.journal, 0, log.journal.retry_usec);
  EXPECT_FALSE (turn ()); /* still away */
  journald->open ();
  quilt_journal_socket_handle (&log.journal, 0, log.journal.retry_usec);
  write_all ("after\n");
  EXPECT_EQ (joined (), "before\nmeanwhile\nand\nafter\n");
}

TEST_F (LogTest, SendsALargeEntryAsAFile)
{
  const int size = 4096;
  std::string line (40000, 'q');

  write_all ("connect\n");
  ASSERT_EQ (setsockopt (log.journal.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
  write_all (line + "\nsmall\n");
  EXPECT_EQ (joined (), "connect\n" + line + "\nsmall\n");
}

TEST_F (LogTest, ALimitDropsTheRestAndCountsIt)
{
  log.rate.burst = 10;
  log.rate.interval_usec = G_MAXINT64 / 4;
  std::string text;

  for (int i = 0; i < 137; i++)
    text += std::to_string (i) + "\n";
  text += std::string (3 * QUILT_LOG_LINE_MAX, 'x') + "\n"; /* one more line, in pieces */
  write_all (text);
  EXPECT_EQ (journald->messages (), (Strings{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}));
  ASSERT_TRUE (quilt_log_report_dropped (&log, now (), FALSE)); /* not due */
  journald->read ();
  EXPECT_EQ (journald->entries.size (), 10u);
  ASSERT_TRUE (quilt_log_report_dropped (&log, now (), TRUE));
  journald->read ();
  ASSERT_EQ (journald->entries.size (), 11u);
  EXPECT_EQ (journald->entries[10].at ("QUILT_DROPPED"), "128");
  EXPECT_EQ (journald->entries[10].at ("MESSAGE_ID"), "0e9d1f5b7e8c4b0aa3a6c2d4f1b7e911");
  EXPECT_EQ (journald->entries[10].at ("CONTAINER_NAME"), "web");
  ASSERT_TRUE (quilt_log_report_dropped (&log, now (), TRUE)); /* only once */
  journald->read ();
  EXPECT_EQ (journald->entries.size (), 11u);
}

TEST_F (LogTest, ALongLineWithinTheLimitIsNotCutOff)
{
  std::string line (3 * QUILT_LOG_LINE_MAX, 'x');

  log.rate.burst = 1;
  log.rate.interval_usec = G_MAXINT64 / 4;
  write_all (line + "\ndropped\n");
  EXPECT_EQ (joined (), line + "\n");
  EXPECT_EQ (log.rate.dropped, 1u);
}

TEST_F (LogTest, NothingIsCountedTwiceWhileJournaldIsBehind)
{
  std::string text;
  size_t done = 0;

  log.rate.burst = 500;
  log.rate.interval_usec = G_MAXINT64 / 4;
  for (int i = 0; i < 2000; i++)
    text += std::to_string (i) + "\n";
  for (int i = 0; i < 50; i++) { /* blocked again and again */
    ssize_t n = write (in, text.data () + done, text.size () - done);

    done += n > 0 ? (size_t)n : 0;
    quilt_output_pump (&output);
    turn ();
  }
  write_all (text.substr (done));
  EXPECT_EQ (journald->entries.size (), 500u);
  EXPECT_EQ (log.rate.dropped, 1500u);
}

TEST (RateTest, EachIntervalHasItsOwnBurst)
{
  QuiltRate rate = {};

  rate.burst = 2;
  rate.interval_usec = 1000;
  EXPECT_EQ (quilt_rate_get_room (&rate, 5000), 2u);
  quilt_rate_take (&rate, 2);
  EXPECT_EQ (quilt_rate_get_room (&rate, 5999), 0u);
  EXPECT_EQ (quilt_rate_get_deadline (&rate), 0);
  quilt_rate_drop (&rate);
  EXPECT_EQ (quilt_rate_get_deadline (&rate), 6000);
  EXPECT_EQ (quilt_rate_get_due (&rate, 5999), 0u);
  EXPECT_EQ (quilt_rate_get_due (&rate, 6000), 1u);
  EXPECT_EQ (quilt_rate_get_room (&rate, 6000), 2u);
}

TEST (RateTest, ARateOfZeroDoesNotLimit)
{
  QuiltRate rate = {};

  quilt_rate_take (&rate, 1000000);
  EXPECT_EQ (quilt_rate_get_room (&rate, 1), G_MAXUINT64);
}

/* Fault 10. */
TEST_F (LogTest, ASpentBudgetHoldsTheContainerBackAndLosesNothing)
{
  QuiltBudgetPage page = {};
  Strings wanted;
  std::string text;
  size_t done = 0;

  for (int i = 0; i < 40000; i++) {
    wanted.push_back (std::to_string (i));
    text += wanted.back () + "\n";
  }
  quilt_budget_set (&page, 1024 * 1024, 30 * 24 * 3600);
  log.budget.page = &page;
  for (int i = 0; i < 10000 && log.held_usec == 0; i++) {
    ssize_t n = write (in, text.data () + done, text.size () - done);

    done += n > 0 ? (size_t)n : 0;
    turn ();
  }
  EXPECT_LT (done, text.size ()); /* it has to wait */
  EXPECT_GT (log.held_usec, 0);
  EXPECT_EQ (quilt_output_poll (&output).fd, -1);
  EXPECT_NEAR ((double)journald->messages ("stdout").size (), 512 * 1024 / 605, QUILT_LOG_BATCH);

  log.budget.lifted = TRUE;
  log.held_usec = 0;
  write_all (text.substr (done));
  EXPECT_EQ (journald->messages ("stdout"), wanted);
  EXPECT_EQ (journald->entries.size (), wanted.size () + 1) << "one of them says why";
}

/* Attached readers. */

static std::string
read_some (int fd)
{
  std::string text;
  char block[65536];
  ssize_t n;

  while ((n = read (fd, block, sizeof block)) > 0)
    text.append (block, (size_t)n);
  return text;
}

TEST_F (LogTest, AReaderGetsTheSameBytes)
{
  int fds[2];
  std::string text ("a\n\0b\xff no end", 12);

  ASSERT_EQ (pipe2 (fds, O_CLOEXEC), 0);
  open_output (fds[1]);
  write_all (text);
  quilt_attachment_finish (&output.attachment);
  EXPECT_EQ (output.attachment.fd, -1);
  EXPECT_EQ (read_some (fds[0]), text); /* and its end, else this would block */
  close (fds[0]);
}

TEST_F (LogTest, ASlowReaderSlowsTheContainerAndLosesNothing)
{
  std::string text, got;
  size_t done = 0;
  int fds[2], full = 0;

  for (int i = 0; i < 200000; i++)
    text += std::to_string (i) + "\n";
  ASSERT_EQ (pipe2 (fds, O_CLOEXEC | O_NONBLOCK), 0);
  open_output (fds[1]);
  while (full < 3) {
    ssize_t n = write (in, text.data () + done, text.size () - done);

    done += n > 0 ? (size_t)n : 0;
    full += n > 0 ? 0 : 1;
    turn ();
  }
  EXPECT_LT (done, text.size ()); /* without a reader, the output has to wait */
  EXPECT_LE (output.attachment.buffer->len, QUILT_ATTACHMENT_MAX + QUILT_OUTPUT_BUFFER);
  while (done < text.size ()) {
    ssize_t n = write (in, text.data () + done, text.size () - done);

    done += n > 0 ? (size_t)n : 0;
    got += read_some (fds[0]);
    turn ();
  }
  quilt_fd_clear (&in);
  while (!turn (true))
    got += read_some (fds[0]);
  /* At the end the rest moves into the pipe, and the supervisor does not wait for the reader. */
  quilt_attachment_finish (&output.attachment);
  EXPECT_EQ (output.attachment.fd, -1);
  EXPECT_EQ (got + read_some (fds[0]), text);
  EXPECT_EQ (joined (), text);
  close (fds[0]);
}

TEST_F (LogTest, AReaderThatGoesIsForgotten)
{
  int fds[2];

  ASSERT_EQ (pipe2 (fds, O_CLOEXEC), 0);
  open_output (fds[1]);
  write_all ("one\n");
  close (fds[0]);
  write_all ("two\nthree\n");
  EXPECT_EQ (output.attachment.fd, -1);
  EXPECT_EQ (joined (), "one\ntwo\nthree\n");

  ASSERT_EQ (pipe2 (fds, O_CLOEXEC), 0);
  close (fds[0]);
  open_output (fds[1]); /* gone before we came */
  write_all ("four\n");
  EXPECT_EQ (joined (), "one\ntwo\nthree\nfour\n");
}

TEST_F (LogTest, ASilentHangUpIsNoticed)
{
  int fds[2];

  ASSERT_EQ (pipe2 (fds, O_CLOEXEC), 0);
  open_output (fds[1]);
  turn ();
  EXPECT_GE (output.attachment.fd, 0);
  close (fds[0]);
  turn ();
  EXPECT_EQ (output.attachment.fd, -1);
}

/* The pipe of a follower, and its attachment. */
class Follower
{
public:
  explicit Follower (QuiltOutput *output, guint64 lines = 0) : output (output)
  {
    int fds[2];

    EXPECT_EQ (pipe2 (fds, O_CLOEXEC | O_NONBLOCK), 0);
    fd = fds[0];
    quilt_attachment_init (&attachment, fds[1]);
    quilt_output_follow (output, &attachment, lines);
  }
  ~Follower ()
  {
    quilt_output_unfollow (output, &attachment);
    quilt_attachment_clear (&attachment);
    close (fd);
  }

  QuiltOutput *output;
  QuiltAttachment attachment = {};
  int fd;
};

TEST_F (LogTest, AFollowerGetsTheLastLinesFirst)
{
  write_all ("one\ntwo\nthree\nno end", false);
  const std::map<guint64, std::string> expected = {
      {0, ""}, {1, "no end"}, {2, "three\nno end"}, {9, "one\ntwo\nthree\nno end"}};

  for (const auto &[lines, text] : expected) {
    Follower follower (&output, lines);

    EXPECT_EQ (read_some (follower.fd), text) << lines;
  }
  Follower follower (&output, 1);
  write_all (" yet\n");
  EXPECT_EQ (read_some (follower.fd), "no end yet\n");
  write_all (std::string (3 * QUILT_OUTPUT_TAIL, 'x'));
  EXPECT_EQ (read_some (Follower (&output, 9).fd), std::string (QUILT_OUTPUT_TAIL, 'x'));
  quilt_output_finish (&output);
  EXPECT_EQ (follower.attachment.fd, -1);
}

TEST_F (LogTest, AFollowerThatDoesNotReadIsDroppedAndDelaysNothing)
{
  Follower slow (&output), quick (&output);
  std::string got;

  for (int i = 0; i < 150; i++) {
    write_all (std::string (32768, 'x') + "\n");
    got += read_some (quick.fd);
  }
  EXPECT_TRUE (slow.attachment.is_lost);
  EXPECT_FALSE (quick.attachment.is_lost);
  EXPECT_EQ (got.size (), 150u * 32769);
}

TEST_F (LogTest, ATerminalsCarriageReturnsAreNotLogged)
{
  output.is_terminal = TRUE;
  Follower follower (&output);
  write_all ("a\r\nb\rc\r", false);
  write_all ("\nd\r\r\n");
  EXPECT_EQ (read_some (follower.fd), "a\r\nb\rc\r\nd\r\r\n");
  EXPECT_EQ (journald->messages (), (Strings{"a", "b\rc", "d\r"}));
}
