// SPDX-License-Identifier: LGPL-2.1-or-later
// The copying of a container's output, into all kinds of targets.
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <unistd.h>

extern "C" {
#include "ctl/streams/stream.h"
}

static const std::string data = [] {
  std::string bytes;

  for (int i = 0; i < 300000; i++)
    bytes += (char)(i * 7 % 256);
  return bytes;
}();

/* Writes text into a pipe from a thread, and returns the reading end. */
static int
source_of (const std::string &text, std::thread &writer)
{
  int fds[2];

  EXPECT_EQ (pipe2 (fds, O_CLOEXEC), 0);
  writer = std::thread ([fds, text] {
    gsize done = 0;

    while (done < text.size ()) {
      ssize_t n = write (fds[1], text.data () + done, text.size () - done);

      if (n < 0)
        break;
      done += (gsize)n;
    }
    close (fds[1]);
  });
  return fds[0];
}

static std::string
read_all (int fd)
{
  std::string text;
  char buffer[4096];
  ssize_t n;

  while ((n = read (fd, buffer, sizeof buffer)) > 0)
    text.append (buffer, (gsize)n);
  return text;
}

TEST (Stream, IntoAPipe)
{
  std::thread writer, copier;
  int source = source_of (data, writer), fds[2], result = -1;

  ASSERT_EQ (pipe2 (fds, O_CLOEXEC), 0);
  copier = std::thread ([&] {
    result = quilt_stream_copy (source, fds[1]);
    close (fds[1]);
  });
  EXPECT_EQ (read_all (fds[0]), data);
  copier.join ();
  writer.join ();
  EXPECT_EQ (result, 0);
  close (source);
  close (fds[0]);
}

TEST (Stream, TwoIntoOneFileDoNotOverwriteEachOther)
{
  std::thread writers[2], copiers[2];
  char name[] = "/tmp/quilt-test-XXXXXX";
  int file = mkstemp (name), sources[2];
  std::string text;

  ASSERT_GE (file, 0);
  unlink (name);
  for (int i = 0; i < 2; i++) {
    sources[i] = source_of (std::string (200000, i ? 'b' : 'a'), writers[i]);
    copiers[i] = std::thread ([&, i] { EXPECT_EQ (quilt_stream_copy (sources[i], file), 0); });
  }
  for (int i = 0; i < 2; i++) {
    copiers[i].join ();
    writers[i].join ();
    close (sources[i]);
  }
  ASSERT_EQ (lseek (file, 0, SEEK_SET), 0);
  text = read_all (file);
  EXPECT_EQ (std::count (text.begin (), text.end (), 'a'), 200000);
  EXPECT_EQ (std::count (text.begin (), text.end (), 'b'), 200000);
  close (file);
}

TEST (Stream, AFullTargetIsReported)
{
  std::thread writer;
  int source = source_of ("text", writer), full = open ("/dev/full", O_WRONLY | O_CLOEXEC);

  EXPECT_EQ (quilt_stream_copy (source, full), ENOSPC);
  writer.join ();
  close (source);
  close (full);
}

TEST (Stream, AReaderThatWentAwayIsReported)
{
  std::thread writer;
  int source = source_of ("text", writer), fds[2];

  signal (SIGPIPE, SIG_IGN);
  ASSERT_EQ (pipe2 (fds, O_CLOEXEC), 0);
  close (fds[0]);
  EXPECT_EQ (quilt_stream_copy (source, fds[1]), EPIPE);
  writer.join ();
  close (source);
  close (fds[1]);
}
