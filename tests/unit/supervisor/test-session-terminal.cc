/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal of a session whose client has detached. */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <string>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

extern "C" {
#include "base/fd.h"
#include "supervisor/session-terminal.h"
}

namespace
{
/* A session's process has sent its terminal. */
struct Terminal {
  explicit Terminal (bool keep)
  {
    int master, sender = -1;
    g_autoptr (GError) error = nullptr;

    EXPECT_EQ (openpty (&master, &end, nullptr, nullptr, nullptr), 0);
    EXPECT_TRUE (quilt_session_terminal_open (&terminal, &sender, &error));
    EXPECT_TRUE (quilt_fds_send (sender, "x", 1, &master, 1));
    close (master);
    close (sender);
    quilt_session_terminal_take (&terminal, keep);
    EXPECT_GE (terminal.master, 0);
    quilt_fd_clear (&terminal.master); /* the client has left */
  }
  ~Terminal ()
  {
    quilt_session_terminal_clear (&terminal);
    close (end);
  }
  bool is_waited_for ()
  {
    return quilt_session_terminal_poll (&terminal).fd >= 0;
  }
  bool is_open ()
  {
    pollfd writable = {end, POLLOUT, 0};

    return poll (&writable, 1, 0) >= 0 && !(writable.revents & POLLHUP);
  }

  QuiltSessionTerminal terminal = QUILT_SESSION_TERMINAL_NONE;
  int end;
};
} // namespace

TEST (SessionTerminal, StaysOpenOnlyIfItsClientMayDetach)
{
  Terminal kept (true), other (false);

  EXPECT_TRUE (kept.is_open ());
  EXPECT_FALSE (kept.is_waited_for ());
  EXPECT_FALSE (other.is_open ());
  quilt_session_terminal_hang_up (&kept.terminal);
  EXPECT_FALSE (kept.is_open ());
}

TEST (SessionTerminal, DiscardsOutputWithoutReadingIt)
{
  const std::string line (1000, 'x');
  Terminal left (true);

  quilt_session_terminal_leave (&left.terminal);
  fcntl (left.end, F_SETFL, O_NONBLOCK);
  for (int i = 0; i < 200; i++) {
    pollfd writable = {left.end, POLLOUT, 0}, readable;

    while (poll (&writable, 1, 0) == 0) {
      readable = quilt_session_terminal_poll (&left.terminal);
      ASSERT_EQ (poll (&readable, 1, 5000), 1);
      quilt_session_terminal_discard (&left.terminal);
    }
    ASSERT_GT (write (left.end, line.data (), line.size ()), 0);
  }
  quilt_session_terminal_discard (&left.terminal); /* there may be nothing; it must not wait */
  quilt_session_terminal_discard (&left.terminal);
  EXPECT_TRUE (left.is_waited_for ());
}

TEST (SessionTerminal, InPacketModeIsNotReadableForEver)
{
  const int on = TRUE;
  Terminal left (true);
  pollfd readable;

  ASSERT_EQ (ioctl (left.terminal.kept, TIOCPKT, &on), 0); /* as the caller can */
  ASSERT_EQ (tcflush (left.end, TCIOFLUSH), 0);            /* as the session can */
  quilt_session_terminal_leave (&left.terminal);
  readable = quilt_session_terminal_poll (&left.terminal);
  ASSERT_EQ (poll (&readable, 1, 5000), 1);
  quilt_session_terminal_discard (&left.terminal);
  EXPECT_EQ (poll (&readable, 1, 0), 0);
}

TEST (SessionTerminal, IsNotWaitedForWhenNoProcessHasIt)
{
  Terminal left (true);

  quilt_session_terminal_leave (&left.terminal);
  quilt_fd_clear (&left.end);
  quilt_session_terminal_discard (&left.terminal);
  EXPECT_FALSE (left.is_waited_for ());
  EXPECT_GE (left.terminal.kept, 0);
}
