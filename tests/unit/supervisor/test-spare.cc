/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Supervisors without a container, of which one forks the others. */
#include <glib.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

extern "C" {
#include "base/fd.h"
#include "proto/message.h"
}

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const int CONTROL = 3;

/* A process and our end of the socket to it. */
struct Supervisor {
  pid_t pid = -1;
  int socket = -1;

  ~Supervisor ()
  {
    quilt_fd_clear (&socket);
    if (pid > 0)
      waitpid (pid, nullptr, 0);
  }

  int wait_end ()
  {
    int status = -1;

    EXPECT_EQ (waitpid (pid, &status, 0), pid);
    pid = -1;
    return status;
  }

  std::string name () const
  {
    std::string text;

    std::getline (std::ifstream ("/proc/" + std::to_string (pid) + "/comm"), text);
    return text;
  }

  pid_t parent () const
  {
    std::ifstream file ("/proc/" + std::to_string (pid) + "/stat");
    std::string number, comm, state;
    pid_t parent = -1;

    file >> number >> comm >> state >> parent;
    return parent;
  }
};

static void
execute (Supervisor *ret)
{
  char program[] = "quilt-supervisor";
  char *argv[] = {program, nullptr};
  posix_spawn_file_actions_t actions;
  int pair[2];

  ASSERT_EQ (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  posix_spawn_file_actions_init (&actions);
  g_autofd int theirs = fcntl (pair[1], F_DUPFD_CLOEXEC, CONTROL + 1);
  close (pair[1]);
  posix_spawn_file_actions_adddup2 (&actions, theirs, CONTROL);
  EXPECT_EQ (
      posix_spawn (&ret->pid, g_getenv ("QUILT_SUPERVISOR"), &actions, nullptr, argv, environ), 0);
  posix_spawn_file_actions_destroy (&actions);
  ret->socket = pair[0];
}

static void
fork_from (const Supervisor &from, Supervisor *ret)
{
  struct pollfd readable = {from.socket, POLLIN, 0};
  g_autofd int pid_fd = -1;
  QuiltMessage message;
  int pair[2];
  guint n;

  ASSERT_EQ (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  ret->socket = pair[0];
  quilt_message_init (&message, QUILT_MESSAGE_FORK);
  message.request = 7;
  EXPECT_TRUE (quilt_message_send_fds (from.socket, &message, &pair[1], 1));
  close (pair[1]);
  ASSERT_EQ (poll (&readable, 1, -1), 1);
  ASSERT_EQ (quilt_message_receive_fds (from.socket, &message, &pid_fd, 1, &n), 1);
  ASSERT_EQ (n, 1u);
  EXPECT_EQ (message.type, QUILT_MESSAGE_FORKED);
  EXPECT_EQ (message.request, 7u);
  EXPECT_EQ (quilt_pid_fd_get_pid (pid_fd), message.pid);
  ret->pid = message.pid;
}

TEST (SpareTest, AForkedSupervisorIsOurChildAndWaitsLikeItsTemplate)
{
  Supervisor server, first, second;

  execute (&server);
  fork_from (server, &first);
  fork_from (server, &second);
  EXPECT_EQ (server.name (), "quilt-template");
  EXPECT_EQ (first.parent (), getpid ());
  EXPECT_NE (first.pid, second.pid);
  quilt_fd_clear (&first.socket);
  EXPECT_EQ (first.wait_end (), 0);
  EXPECT_EQ (second.name (), "quilt-spare");
}

/* Each holds no end of another's socket. */
TEST (SpareTest, ATemplateEndsWithoutItsChildren)
{
  Supervisor server, child, grandchild;

  execute (&server);
  fork_from (server, &child);
  quilt_fd_clear (&server.socket);
  EXPECT_EQ (server.wait_end (), 0);
  EXPECT_EQ (child.name (), "quilt-spare");
  fork_from (child, &grandchild);
  EXPECT_EQ (grandchild.parent (), getpid ());
}

TEST (SpareTest, AForkedSupervisorTakesAContainerAndNothingElse)
{
  Supervisor server, child;
  QuiltMessage message;

  execute (&server);
  fork_from (server, &child);
  quilt_message_init (&message, QUILT_MESSAGE_GO);
  EXPECT_TRUE (quilt_message_send (child.socket, &message));
  EXPECT_EQ (WEXITSTATUS (child.wait_end ()), EXIT_FAILURE);
  quilt_message_init (&message, QUILT_MESSAGE_FORK); /* without a socket */
  EXPECT_TRUE (quilt_message_send (server.socket, &message));
  EXPECT_EQ (WEXITSTATUS (server.wait_end ()), EXIT_FAILURE);
}
