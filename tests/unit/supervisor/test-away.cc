/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container that is stopped, or ends, while quiltd is away. */
#include "harness.h"

extern "C" {
#include "spec/signals.h"
}

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

class AwayTest : public ContainerTest
{
protected:
  /* Started, running, and past its first line of output, "up". */
  QuiltMessage start_up (const std::string &script, const Options &options = {})
  {
    QuiltMessage message;

    start (sh (script), options);
    send (QUILT_MESSAGE_GO);
    message = wait_for (QUILT_MESSAGE_RUNNING);
    EXPECT_TRUE (wait_for_message ("up"));
    return message;
  }

  /* A directory as the container's in the store. */
  int make_store ()
  {
    std::string store = directory + "/store";

    EXPECT_EQ (mkdir (store.c_str (), 0700), 0);
    return open (store.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
};

static const char TRAP[] = "trap 'exit 3' TERM; echo up; while :; do sleep 0.01; done";

/* Fault 6b. */
TEST_F (AwayTest, TheScopesKillSignalIsAGracefulStop)
{
  g_autofd int run_fd = open (run_dir.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  QuiltMessage kept = {};

  start_up (TRAP);
  drop_connection ();
  kill (supervisor, QUILT_SCOPE_KILL_SIGNAL);
  EXPECT_EQ (wait_for_exit (), 0);
  EXPECT_TRUE (quilt_message_load_end (run_fd, "exit", &kept, nullptr));
  EXPECT_EQ (kept.exit_code, 3);
}

/* Fault 6b. */
TEST_F (AwayTest, TheCommandIgnoresTheScopesKillSignal)
{
  QuiltMessage running = start_up (TRAP);

  kill (running.pid, QUILT_SCOPE_KILL_SIGNAL);
  send (QUILT_MESSAGE_STOP, SIGTERM, 10 * G_USEC_PER_SEC);
  EXPECT_EQ (wait_for_end ().exit_code, 3);
  finish ();
}

/* Fault 6a. */
TEST_F (AwayTest, WhileQuiltdIsAwayTheEndIsKeptWhereItLasts)
{
  QuiltMessage kept = {};
  Options options;

  options.store = make_store ();
  start_up (TRAP, options);
  drop_connection ();
  kill (supervisor, QUILT_SCOPE_KILL_SIGNAL);
  EXPECT_EQ (wait_for_exit (), 0);
  EXPECT_TRUE (quilt_message_load_end (options.store, "exit", &kept, nullptr));
  EXPECT_EQ (kept.exit_code, 3);
  close (options.store);
}

/* Fault 6a. */
TEST_F (AwayTest, AnEndThatQuiltdHasNotRecordedIsKeptToo)
{
  QuiltMessage kept = {};
  Options options;

  options.store = make_store ();
  start (sh ("exit 4"), options);
  send (QUILT_MESSAGE_GO);
  EXPECT_EQ (wait_for_end ().exit_code, 4);
  EXPECT_FALSE (quilt_message_load_end (options.store, "exit", &kept, nullptr));
  drop_connection ();
  kill (supervisor, QUILT_SCOPE_KILL_SIGNAL);
  EXPECT_EQ (wait_for_exit (), 0);
  EXPECT_TRUE (quilt_message_load_end (options.store, "exit", &kept, nullptr));
  EXPECT_EQ (kept.exit_code, 4);
  close (options.store);
}
