/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of what the supervisor's loop waits for. */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" {
#include "base/fd.h"
#include "supervisor/streams/sources.h"
}

namespace
{
struct Pipe {
  Pipe (char name, std::string *seen) : name (name), seen (seen)
  {
    EXPECT_EQ (pipe2 (fds, O_CLOEXEC | O_NONBLOCK), 0);
  }
  ~Pipe ()
  {
    quilt_fd_clear (&fds[0]);
    quilt_fd_clear (&fds[1]);
  }
  void fill ()
  {
    EXPECT_EQ (write (fds[1], "x", 1), 1);
  }

  char name;
  std::string *seen;
  int fds[2] = {-1, -1};
  QuiltSources *sources = nullptr; /* to change from the handler */
  Pipe *gone = nullptr, *come = nullptr;
};

struct pollfd
poll_pipe (gconstpointer data)
{
  return {static_cast<const Pipe *> (data)->fds[0], POLLIN, 0};
}

void
handle_pipe (gpointer data, short revents)
{
  auto self = static_cast<Pipe *> (data);
  char byte;

  EXPECT_TRUE (revents & POLLIN);
  EXPECT_EQ (read (self->fds[0], &byte, 1), 1);
  *self->seen += self->name;
  if (self->gone)
    quilt_sources_remove (self->sources, self->gone);
  if (self->come)
    quilt_sources_add (self->sources, poll_pipe, handle_pipe, self->come);
  self->come = nullptr;
}
} // namespace

class SourcesTest : public testing::Test
{
protected:
  void TearDown () override
  {
    quilt_sources_free (sources);
  }

  void turn ()
  {
    const struct timespec now = {0, 0};

    quilt_sources_wait (sources, &now);
    quilt_sources_handle (sources);
  }

  std::string seen;
  QuiltSources *sources = quilt_sources_new ();
};

TEST_F (SourcesTest, TheyAreHandledInTheirOrder)
{
  std::vector<std::unique_ptr<Pipe>> pipes;

  for (int i = 0; i < 26; i++) {
    pipes.push_back (std::make_unique<Pipe> ('a' + i, &seen));
    quilt_sources_add (sources, poll_pipe, handle_pipe, pipes.back ().get ());
  }
  turn ();
  EXPECT_EQ (seen, "");
  for (int i : {25, 7, 0})
    pipes[(gsize)i]->fill ();
  turn ();
  turn ();
  EXPECT_EQ (seen, "ahz");
}

TEST_F (SourcesTest, AHandlerRemovesAndAdds)
{
  Pipe a ('a', &seen), b ('b', &seen), c ('c', &seen), d ('d', &seen);

  for (Pipe *pipe : {&a, &b, &c})
    quilt_sources_add (sources, poll_pipe, handle_pipe, pipe);
  a.sources = sources;
  a.gone = &b;
  a.come = &d;
  for (Pipe *pipe : {&a, &b, &c, &d})
    pipe->fill ();
  turn ();
  EXPECT_EQ (seen, "ac");
  turn ();
  EXPECT_EQ (seen, "acd");
}

TEST_F (SourcesTest, ASourceWithoutAHandlerEndsTheWait)
{
  Pipe a ('a', &seen);

  quilt_sources_add (sources, poll_pipe, nullptr, &a);
  a.fill ();
  quilt_sources_wait (sources, nullptr);
  quilt_sources_handle (sources);
  EXPECT_EQ (seen, "");
}
