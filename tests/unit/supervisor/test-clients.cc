/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attached clients: their input, how they leave, and how many there may be. */
#include <gtest/gtest.h>

extern "C" {
#include "base/fd.h"
#include "supervisor/streams/clients.h"
}

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>

namespace
{

class Pipe
{
public:
  explicit Pipe (int flags = O_NONBLOCK)
  {
    EXPECT_EQ (pipe2 (ends, O_CLOEXEC | flags), 0);
  }
  ~Pipe ()
  {
    quilt_fd_clear (&ends[0]);
    quilt_fd_clear (&ends[1]);
  }
  int take (int end)
  {
    return g_steal_fd (&ends[end]);
  }
  void write (const std::string &text) const
  {
    EXPECT_EQ (::write (ends[1], text.data (), text.size ()), (ssize_t)text.size ());
  }
  /* "EOF" at the end, "" if there is nothing now. */
  std::string read () const
  {
    char buffer[8192];
    ssize_t n = ::read (ends[0], buffer, sizeof buffer);

    return n > 0 ? std::string (buffer, (size_t)n) : n == 0 ? "EOF" : "";
  }

  int ends[2] = {-1, -1};
};

class ClientsTest : public testing::Test
{
protected:
  void SetUp () override
  {
    signal (SIGPIPE, SIG_IGN); /* as in the supervisor */
    for (guint i = 0; i < QUILT_N_STREAMS; i++)
      quilt_output_init (&outputs[i], nullptr, (QuiltStream)i, -1, -1);
    sources = quilt_sources_new ();
    quilt_clients_init (&clients, outputs, TRUE);
    quilt_clients_start (&clients, sources);
    quilt_clients_set_input (&clients, command.take (1), FALSE);
    quilt_clients_open (&clients);
  }
  void TearDown () override
  {
    quilt_clients_clear (&clients);
    for (QuiltOutput &output : outputs)
      quilt_output_clear (&output);
    quilt_sources_free (sources);
  }
  void turn (int times = 4)
  {
    const struct timespec soon = {0, 1000000};

    for (int i = 0; i < times; i++) {
      quilt_clients_sweep (&clients);
      quilt_sources_wait (sources, &soon);
      quilt_sources_handle (sources);
    }
  }
  bool add (Pipe *in, Pipe *leash = nullptr)
  {
    const QuiltClientFds fds = {in ? in->take (0) : -1, {-1, -1}, leash ? leash->take (0) : -1};

    return quilt_clients_add (&clients, &fds, 0);
  }

  QuiltOutput outputs[QUILT_N_STREAMS] = {};
  QuiltSources *sources = nullptr;
  QuiltClients clients = {};
  Pipe command; /* the command's stdin */
};

TEST_F (ClientsTest, AClientEndsTheInputIfItHoldsItsLeash)
{
  Pipe in, leash;

  ASSERT_TRUE (add (&in, &leash));
  in.write ("one\n");
  turn ();
  EXPECT_EQ (command.read (), "one\n");
  in.write ("two\n");
  close (in.take (1));
  turn ();
  EXPECT_EQ (command.read (), "two\n");
  EXPECT_EQ (command.read (), "EOF");
  EXPECT_FALSE (clients.takes_input);
}

TEST_F (ClientsTest, AClientThatLeavesDoesNotEndTheInput)
{
  Pipe in, leash, other;

  ASSERT_TRUE (add (&in, &leash));
  in.write ("last words\n");
  close (in.take (1));
  close (leash.take (1));
  turn ();
  EXPECT_EQ (command.read (), "last words\n"); /* they are passed on */
  EXPECT_EQ (command.read (), "");
  EXPECT_EQ (clients.clients->len, 0u);
  ASSERT_TRUE (add (&other));
  other.write ("next\n");
  turn ();
  EXPECT_EQ (command.read (), "next\n");
}

TEST_F (ClientsTest, ATerminalHasNoEndOfInput)
{
  Pipe in, terminal;

  quilt_clients_set_input (&clients, terminal.take (1), TRUE);
  ASSERT_TRUE (add (&in));
  in.write ("typed");
  close (in.take (1));
  turn ();
  EXPECT_EQ (terminal.read (), "typed");
  EXPECT_EQ (terminal.read (), "");
  EXPECT_EQ (clients.clients->len, 0u); /* nothing of it is open */
}

TEST_F (ClientsTest, ACommandThatReadsNoMoreEndsTheInputOfAll)
{
  Pipe in, other, leash;

  ASSERT_TRUE (add (&in, &leash));
  ASSERT_TRUE (add (&other));
  close (command.take (0));
  in.write ("x");
  turn ();
  EXPECT_EQ (write (other.ends[1], "y", 1), -1); /* the writer learns it */
  EXPECT_FALSE (clients.takes_input);
}

TEST_F (ClientsTest, BeforeTheCommandRunsNothingIsRead)
{
  Pipe in;

  clients.is_open = FALSE;
  ASSERT_TRUE (add (&in));
  in.write ("early");
  turn ();
  EXPECT_EQ (command.read (), "");
  quilt_clients_open (&clients);
  turn ();
  EXPECT_EQ (command.read (), "early");
}

TEST_F (ClientsTest, ThereMayBeOnlySoManyAndThoseThatLeftDoNotCount)
{
  for (guint i = 0; i < QUILT_CLIENTS_MAX; i++)
    ASSERT_TRUE (add (nullptr));
  EXPECT_FALSE (add (nullptr));
  turn ();
  EXPECT_EQ (clients.clients->len, 0u);
  for (int i = 0; i < 3; i++) {
    Pipe out;
    const QuiltClientFds fds = {-1, {out.take (1), -1}, -1};

    ASSERT_TRUE (quilt_clients_add (&clients, &fds, 0));
    close (out.take (0));
    turn ();
    EXPECT_EQ (clients.clients->len, 0u);
    EXPECT_EQ (outputs[0].followers->len, 0u);
  }
}

} // namespace
