/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes on their way: from a pipe to a pipe. */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <string>
#include <unistd.h>

extern "C" {
#include "base/fd.h"
#include "runtime/relay.h"
}

class RelayTest : public testing::Test
{
protected:
  void SetUp () override
  {
    ASSERT_EQ (pipe2 (in, O_CLOEXEC), 0);
    ASSERT_EQ (pipe2 (out, O_CLOEXEC | O_NONBLOCK), 0);
    relay = QUILT_RELAY_NONE;
    relay.from = in[0];
    relay.to = out[1];
  }

  void TearDown () override
  {
    for (int *fd : {&in[0], &in[1], &out[0], &out[1]})
      quilt_fd_clear (fd);
  }

  std::string take ()
  {
    char text[8192];
    ssize_t n = read (out[0], text, sizeof text);

    return n > 0 ? std::string (text, (gsize)n) : "";
  }

  int in[2] = {-1, -1}, out[2] = {-1, -1};
  QuiltRelay relay;
};

TEST_F (RelayTest, WhatCameGoesOnBeforeMoreIsTaken)
{
  ASSERT_EQ (write (in[1], "hello", 5), 5);
  EXPECT_EQ (quilt_relay_poll (&relay).fd, in[0]);
  quilt_relay_move (&relay, 0);
  EXPECT_EQ (quilt_relay_poll (&relay).events, POLLIN);
  quilt_relay_move (&relay, POLLIN);
  EXPECT_EQ (quilt_relay_poll (&relay).fd, out[1]);
  EXPECT_EQ (quilt_relay_poll (&relay).events, POLLOUT);
  quilt_relay_move (&relay, POLLOUT);
  EXPECT_EQ (take (), "hello");
  EXPECT_EQ (quilt_relay_poll (&relay).fd, in[0]);
}

TEST_F (RelayTest, TheEndIsRemembered)
{
  quilt_fd_clear (&in[1]);
  quilt_relay_move (&relay, POLLHUP);
  EXPECT_EQ (relay.from, -1);
  EXPECT_EQ (quilt_relay_poll (&relay).fd, -1);
}

TEST_F (RelayTest, ItDrainsWhatIsThereAndDoesNotWait)
{
  const std::string text (6000, 'x');

  ASSERT_EQ (write (in[1], text.data (), text.size ()), (ssize_t)text.size ());
  quilt_relay_drain (&relay);
  EXPECT_EQ (take (), text);
  EXPECT_EQ (relay.from, in[0]);
}

TEST_F (RelayTest, WithoutAReaderNothingIsTakenAnyMore)
{
  signal (SIGPIPE, SIG_IGN);
  quilt_fd_clear (&out[0]);
  ASSERT_EQ (write (in[1], "x", 1), 1);
  quilt_relay_drain (&relay);
  EXPECT_EQ (relay.from, -1);
}
