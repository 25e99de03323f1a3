/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quilt-transfer as quiltd starts it: what it reports, what it may do, and that its end at any time
 * leaves nothing that the next start of quiltd does not clean. */
#include "fixture.h"

extern "C" {
#include "proto/message.h"
#include "store/images.h"
}

#include <csignal>
#include <poll.h>
#include <random>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* A running helper. */
class Helper
{
public:
  pid_t pid = -1;
  int socket = -1;

  Helper (int archive, int layers)
  {
    const char *exe = getenv ("QUILT_TRANSFER"); /* set by meson */
    const char *argv[] = {"quilt-transfer", "--max-bytes=1073741824", "--temporary=.tmp-mine",
                          nullptr};
    /* The sandbox closes /proc, which a search for leaks needs. */
    const char *env[] = {"LSAN_OPTIONS=detect_leaks=0", nullptr};
    posix_spawn_file_actions_t actions;
    int pair[2];
    int high[3];

    EXPECT_EQ (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    socket = pair[0];
    posix_spawn_file_actions_init (&actions);
    const int wanted[] = {pair[1], archive, layers};
    for (int i = 0; i < 3; i++) {
      high[i] = fcntl (wanted[i], F_DUPFD_CLOEXEC, 20);
      posix_spawn_file_actions_adddup2 (&actions, high[i], 3 + i);
    }
    /* A descriptor that the helper was not meant to get. */
    posix_spawn_file_actions_adddup2 (&actions, high[2], 99);
    if (!exe ||
        posix_spawn (&pid, exe, &actions, nullptr, (char *const *)argv, (char *const *)env) != 0)
      throw std::runtime_error ("Failed to start the program that QUILT_TRANSFER names");
    posix_spawn_file_actions_destroy (&actions);
    for (int fd : high)
      close (fd);
    close (pair[1]);
  }

  ~Helper ()
  {
    hang_up ();
    if (pid > 0) {
      signal (SIGKILL);
      wait ();
    }
  }

  void hang_up ()
  {
    if (socket >= 0)
      close (socket);
    socket = -1;
  }

  /* Never to a process that is not there: -1 would mean all. */
  void signal (int number)
  {
    ASSERT_GT (pid, 0);
    EXPECT_EQ (kill (pid, number), 0);
  }

  int wait ()
  {
    int status = -1;

    EXPECT_EQ (waitpid (pid, &status, 0), pid);
    pid = -1;
    return status;
  }

  /* Waits for the next message; FALSE when the helper has closed. */
  bool receive (QuiltMessage *message)
  {
    struct pollfd fd = {socket, POLLIN, 0};

    EXPECT_EQ (poll (&fd, 1, 30000), 1);
    return quilt_message_receive (socket, message) == 1;
  }

  /* Skips progress. */
  QuiltMessage last ()
  {
    QuiltMessage message = {};

    while (receive (&message) && message.type == QUILT_MESSAGE_PROGRESS)
      ;
    return message;
  }
};

class Process : public Layers
{
protected:
  std::string large;

  void SetUp () override
  {
    Layers::SetUp ();
    Tar tar;
    for (int i = 0; i < 400; i++)
      tar.dir ("d" + std::to_string (i))
          .file ("d" + std::to_string (i) + "/f", std::string (20000, (char)i));
    large = tar.end ().bytes;
  }

  /* Cleans as quiltd does when it starts. */
  void clean ()
  {
    QuiltStore *store;

    store = quilt_store_open (path.c_str (), error.out ());
    ASSERT_NE (store, nullptr) << error.message ();
    quilt_store_unref (store);
  }
};

TEST_F (Process, ReportsALayerOnce)
{
  int fd = memory_file (large);
  Helper first (fd, layers);
  QuiltMessage message;
  guint64 done = 0;

  while (first.receive (&message) && message.type == QUILT_MESSAGE_PROGRESS) {
    EXPECT_EQ (message.total, large.size ());
    EXPECT_GT (message.done, done);
    done = message.done;
  }
  ASSERT_EQ (message.type, QUILT_MESSAGE_DONE) << message.text;
  EXPECT_EQ (message.exit_code, 0);
  EXPECT_EQ (message.done, 400u * 20000);
  EXPECT_EQ (message.total, 800u);
  EXPECT_EQ (first.wait (), 0);

  std::string text = message.text;
  std::string digest = text.substr (0, text.find (' '));
  std::string temporary = text.substr (text.find (' ') + 1);
  fs::path published = path / "layers" / digest.substr (strlen ("sha256:"));
  EXPECT_EQ (temporary, ".tmp-mine");
  EXPECT_TRUE (fs::exists (path / "layers" / temporary / "fs" / "d7" / "f"));
  fs::rename (path / "layers" / temporary, published);

  /* From a file, and, where it can't be known before, from a pipe. */
  lseek (fd, 0, SEEK_SET);
  Helper second (fd, layers);
  message = second.last ();
  ASSERT_EQ (message.type, QUILT_MESSAGE_DONE) << message.text;
  EXPECT_EQ (message.exit_code, 1);
  EXPECT_EQ (message.text, digest);
  EXPECT_EQ (message.done, 400u * 20000);
  EXPECT_EQ (message.total, 800u);
  int pipes[2];
  ASSERT_EQ (pipe2 (pipes, O_CLOEXEC), 0);
  Helper third (pipes[0], layers);
  close (pipes[0]);
  EXPECT_TRUE (quilt_fd_write_all (pipes[1], large.data (), large.size ()));
  close (pipes[1]);
  message = third.last ();
  ASSERT_EQ (message.type, QUILT_MESSAGE_DONE) << message.text;
  EXPECT_EQ (message.exit_code, 1);
  EXPECT_EQ (message.text, digest);
  EXPECT_EQ (leftovers (), 1);
  fs::remove_all (published);
  close (fd);
}

TEST_F (Process, SendsErrorsAsTheyAre)
{
  int fd = memory_file ("PK\003\004" + std::string (1000, '\1'));
  Helper helper (fd, layers);
  QuiltMessage message = helper.last ();

  EXPECT_EQ (message.type, QUILT_MESSAGE_ERROR);
  EXPECT_EQ (message.code, QUILT_ERROR_BAD_ARCHIVE);
  EXPECT_NE (std::string (message.text).find ("zip"), std::string::npos);
  EXPECT_NE (helper.wait (), 0);
  close (fd);
}

/* A helper that has read part of a pipe and waits for more, while the test decides how it ends. */
class Waiting : public Process
{
protected:
  int pipes[2] = {-1, -1};
  std::unique_ptr<Helper> helper;

  void SetUp () override
  {
    QuiltMessage message;

    Process::SetUp ();
    ASSERT_EQ (pipe2 (pipes, O_CLOEXEC), 0);
    helper = std::make_unique<Helper> (pipes[0], layers);
    close (pipes[0]);
    ASSERT_TRUE (quilt_fd_write_all (pipes[1], large.data (), 3000000));
    do
      ASSERT_TRUE (helper->receive (&message));
    while (message.done < 3000000);
    EXPECT_EQ (message.total, 0u);
    EXPECT_EQ (leftovers (), 1);
  }

  void TearDown () override
  {
    close (pipes[1]);
    if (helper && helper->pid > 0) {
      helper->hang_up ();
      helper->wait ();
    }
    Process::TearDown ();
  }

  std::string status (const std::string &key)
  {
    std::ifstream file ("/proc/" + std::to_string (helper->pid) + "/status");

    for (std::string line; std::getline (file, line);)
      if (line.compare (0, key.size () + 1, key + ":") == 0)
        return line.substr (line.find_first_not_of (" \t", key.size () + 1));
    return "";
  }
};

TEST_F (Waiting, IsCancelledByASignal)
{
  helper->signal (SIGTERM);
  QuiltMessage message = helper->last ();
  EXPECT_EQ (message.type, QUILT_MESSAGE_ERROR);
  EXPECT_EQ (message.code, QUILT_ERROR_CANCELLED);
  EXPECT_NE (helper->wait (), 0);
  EXPECT_EQ (leftovers (), 0);
}

TEST_F (Waiting, EndsWithQuiltd)
{
  helper->hang_up ();
  EXPECT_NE (helper->wait (), 0);
  EXPECT_EQ (leftovers (), 0);
}

TEST_F (Waiting, NoticesThatTheSenderEnds)
{
  close (pipes[1]);
  pipes[1] = -1;
  QuiltMessage message = helper->last ();
  EXPECT_EQ (message.type, QUILT_MESSAGE_ERROR);
  EXPECT_EQ (message.code, QUILT_ERROR_BAD_ARCHIVE);
  helper->wait ();
  EXPECT_EQ (leftovers (), 0);
}

TEST_F (Waiting, IsKilledAndCleanedUp)
{
  helper->signal (SIGKILL);
  helper->wait ();
  EXPECT_EQ (leftovers (), 1);
  clean ();
  EXPECT_EQ (leftovers (), 0);
}

/* Both remove the same tree; neither may fail because of the other. */
TEST_F (Waiting, IsCancelledWhileQuiltdCleansUp)
{
  helper->signal (SIGTERM);
  clean ();
  helper->wait ();
  EXPECT_EQ (leftovers (), 0);
}

TEST_F (Waiting, HasNoMoreThanItNeeds)
{
  std::string proc = "/proc/" + std::to_string (helper->pid);

  EXPECT_EQ (status ("NoNewPrivs"), "1");
  EXPECT_FALSE (fs::exists (fs::symlink_status (proc + "/fd/99")));
  if (geteuid () != 0)
    GTEST_SKIP () << "the rest needs root";
  /* CHOWN, DAC_OVERRIDE, FOWNER, FSETID, SETFCAP */
  EXPECT_EQ (status ("CapEff"), "000000008000001b");
  EXPECT_EQ (status ("CapPrm"), "000000008000001b");
  EXPECT_EQ (status ("CapBnd"), "000000008000001b");
  EXPECT_EQ (status ("CapInh"), "0000000000000000");
  EXPECT_EQ (status ("CapAmb"), "0000000000000000");
  EXPECT_NE (fs::read_symlink (proc + "/ns/net"), fs::read_symlink ("/proc/self/ns/net"));
  EXPECT_NE (fs::read_symlink (proc + "/ns/ipc"), fs::read_symlink ("/proc/self/ns/ipc"));
}

/* After any number of bytes, at whatever it is doing then. */
TEST_F (Process, IsKilledAnywhere)
{
  std::mt19937 random (20240601);

  for (int round = 0; round < 40; round++) {
    int pipes[2];

    ASSERT_EQ (pipe2 (pipes, O_CLOEXEC), 0);
    Helper helper (pipes[0], layers);
    close (pipes[0]);
    EXPECT_TRUE (quilt_fd_write_all (pipes[1], large.data (), random () % large.size ()));
    if (round % 4 == 0)
      close (pipes[1]);
    helper.signal (SIGKILL);
    helper.wait ();
    clean ();
    EXPECT_EQ (leftovers (), 0);
    if (round % 4 != 0)
      close (pipes[1]);
  }
}
