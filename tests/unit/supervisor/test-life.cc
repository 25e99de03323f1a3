/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a container: stop, kill, setup steps, quiltd that goes and comes back. */
#include "harness.h"

extern "C" {
#include "base/error.h"
#include <sys/pidfd.h>
}

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

class LifeTest : public ContainerTest
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

  QuiltMessage load_exit ()
  {
    g_autofd int fd = open (run_dir.c_str (), O_RDONLY | O_DIRECTORY);
    QuiltMessage message = {};

    quilt_message_load (fd, "exit", &message, nullptr);
    return message;
  }
};

static const char TRAP[] = "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done";
static const char DEAF[] = "trap '' TERM; echo up; while :; do sleep 1; done";

TEST_F (LifeTest, StopLetsTheHandlerRun)
{
  QuiltMessage message;

  start_up (TRAP);
  send (QUILT_MESSAGE_STOP, SIGTERM, 10 * G_USEC_PER_SEC);
  message = wait_for_end ();
  EXPECT_EQ (message.exit_code, 3);
  EXPECT_STREQ (message.text, "stopped");
  EXPECT_EQ (message.flags, (guint32)QUILT_MESSAGE_FLAG_STOPPING);
  EXPECT_EQ (journald->messages (), (Strings{"up", "bye"}));
  finish ();
}

TEST_F (LifeTest, ACommandThatIgnoresTheSignalIsKilledInTime)
{
  gint64 begin, end;
  QuiltMessage message;

  start_up (DEAF);
  begin = g_get_monotonic_time ();
  send (QUILT_MESSAGE_STOP, SIGTERM, G_USEC_PER_SEC);
  message = wait_for_end ();
  end = g_get_monotonic_time ();
  EXPECT_EQ (message.signal, SIGKILL);
  EXPECT_EQ (message.exit_code, 128 + SIGKILL);
  EXPECT_STREQ (message.text, "stopped");
  EXPECT_TRUE (message.flags & QUILT_MESSAGE_FLAG_KILLED_BY_TIMEOUT);
  EXPECT_GE (end - begin, G_USEC_PER_SEC);
  EXPECT_LE (end - begin, 3 * G_USEC_PER_SEC / 2);
  finish ();
}

TEST_F (LifeTest, ASecondShorterStopWins)
{
  gint64 begin = g_get_monotonic_time ();

  start_up (DEAF);
  send (QUILT_MESSAGE_STOP, SIGTERM, G_MAXUINT64);
  send (QUILT_MESSAGE_STOP, SIGTERM, 3600 * (guint64)G_USEC_PER_SEC);
  send (QUILT_MESSAGE_STOP, SIGTERM, 1);
  send (QUILT_MESSAGE_STOP, SIGTERM, 3600 * (guint64)G_USEC_PER_SEC);
  EXPECT_EQ (wait_for_end ().signal, SIGKILL);
  EXPECT_LE (g_get_monotonic_time () - begin, 5 * G_USEC_PER_SEC);
  finish ();
}

TEST_F (LifeTest, KillTakesAllDescendants)
{
  QuiltMessage message;
  std::string procs;

  start_up ("(sh -c 'sleep 1000 & sleep 1000' &); sleep 1000 & echo up; wait");
  send (QUILT_MESSAGE_KILL, SIGKILL);
  message = wait_for_end ();
  EXPECT_EQ (message.signal, SIGKILL);
  EXPECT_EQ (message.exit_code, 137);
  EXPECT_STREQ (message.text, "signaled");
  EXPECT_EQ (message.flags, 0u);
  std::ifstream (cgroup + "/payload/cgroup.procs") >> procs;
  EXPECT_EQ (procs, "");
  finish ();
}

TEST_F (LifeTest, AnySignalCanBeSent)
{
  start_up ("trap 'echo usr1' USR1; echo up; while :; do sleep 0.01; done");
  send (QUILT_MESSAGE_KILL, SIGUSR1);
  EXPECT_TRUE (wait_for_message ("usr1"));
  send (QUILT_MESSAGE_KILL, SIGKILL);
  wait_for_end ();
  finish ();
}

TEST_F (LifeTest, ACrashIsNamed)
{
  /* A program of two instructions: as the first process it can't signal itself, but it can fault.
   */
  static const unsigned char program[] = {
      0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0x3e, 0, 1, 0, 0, 0, 0x78, 0,
      0x40, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0,
      0x38, 0, 1, 0, 0, 0, 0, 0, 0, 0,
      /* one segment to load: this file, readable and executable */
      1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0,
      0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0,
      0x31, 0xc0, 0x88, 0x00, /* xor eax, eax; mov [rax], al */
      0, 0, 0, 0};
  QuiltMessage message;

  std::ofstream (root + "/bin/crash").write ((const char *)program, sizeof program);
  chmod ((root + "/bin/crash").c_str (), 0755);
  message = run ({"crash"});
  EXPECT_EQ (message.type, QUILT_MESSAGE_EXITED) << message.text;
  EXPECT_EQ (message.signal, SIGSEGV);
  EXPECT_EQ (message.exit_code, 128 + SIGSEGV);
  EXPECT_STREQ (message.text, "signaled");
}

TEST_F (LifeTest, ItOutlivesQuiltd)
{
  QuiltMessage running = start_up (TRAP), message;

  drop_connection ();
  reconnect ();
  message = wait_for (QUILT_MESSAGE_RUNNING);
  EXPECT_EQ (message.pid, running.pid);
  EXPECT_EQ (message.time_usec, running.time_usec);
  drop_connection ();
  reconnect ();
  wait_for (QUILT_MESSAGE_RUNNING);
  send (QUILT_MESSAGE_STOP, SIGTERM, 10 * G_USEC_PER_SEC);
  EXPECT_EQ (wait_for_end ().exit_code, 3);
  finish ();
}

TEST_F (LifeTest, AnExitWaitsForQuiltd)
{
  QuiltMessage message;

  start_up ("echo up; sleep 1000");
  drop_connection ();
  reconnect ();
  wait_for (QUILT_MESSAGE_RUNNING);
  send (QUILT_MESSAGE_KILL, SIGKILL);
  drop_connection ();
  reconnect ();
  message = wait_for_end ();
  EXPECT_EQ (message.signal, SIGKILL);
  drop_connection ();
  /* The exit is on record. The supervisor stays until a quiltd says that it has it. */
  message = load_exit ();
  EXPECT_EQ (message.type, QUILT_MESSAGE_EXITED);
  EXPECT_EQ (message.exit_code, 137);
  reconnect ();
  EXPECT_EQ (wait_for_end ().exit_code, 137);
  finish ();
}

static Strings
numbers (int n)
{
  Strings lines;

  for (int i = 1; i <= n; i++)
    lines.push_back (std::to_string (i));
  return lines;
}

TEST_F (LifeTest, ItStaysUntilJournaldHasItsLastLines)
{
  journald_reads = false;
  start (sh ("seq 5000"));
  send (QUILT_MESSAGE_GO);
  EXPECT_EQ (wait_for_end ().exit_code, 0); /* that is known long before */
  send (QUILT_MESSAGE_BYE);
  EXPECT_EQ (wait_for (QUILT_MESSAGE_LINGERING).type, QUILT_MESSAGE_LINGERING);
  drop_connection ();
  reconnect ();
  EXPECT_EQ (wait_for_end ().exit_code, 0);
  send (QUILT_MESSAGE_BYE);
  EXPECT_EQ (wait_for (QUILT_MESSAGE_LINGERING).type, QUILT_MESSAGE_LINGERING);
  journald_reads = true;
  EXPECT_EQ (wait_for_exit (), 0);
  EXPECT_EQ (journald->messages ("stdout"), numbers (5000));
}

TEST_F (LifeTest, AReaderThatPausesLosesNothingAndKeepsNobodyWaiting)
{
  Options options;
  std::string text, got;
  char buffer[4096];
  int fds[2];
  ssize_t n;

  for (const std::string &line : numbers (60000)) /* more than the pipe and we hold on the way */
    text += line + "\n";
  ASSERT_EQ (pipe2 (fds, O_CLOEXEC), 0);
  options.attached[0] = fds[1];
  EXPECT_EQ (run (sh ("seq 60000"), options).exit_code, 0);
  EXPECT_EQ (journald->messages ("stdout"), numbers (60000));
  close (fds[1]);
  while ((n = read (fds[0], buffer, sizeof buffer)) > 0)
    got.append (buffer, (size_t)n);
  EXPECT_EQ (got, text);
  close (fds[0]);
}

/* Fault 5. Its end can't be waited for until its tracer has seen it. */
TEST_F (LifeTest, AnInitThatIsTracedKeepsNobodyWaiting)
{
  QuiltMessage message = start_up (DEAF);
  siginfo_t info;

  ASSERT_EQ (ptrace (PTRACE_SEIZE, message.pid, nullptr, nullptr), 0);
  send (QUILT_MESSAGE_KILL, SIGKILL);
  ASSERT_EQ (waitid (P_PID, message.pid, &info, WEXITED | WNOWAIT), 0);
  drop_connection ();
  reconnect ();
  EXPECT_EQ (wait_for (QUILT_MESSAGE_RUNNING).pid, message.pid);
  ASSERT_EQ (waitpid (message.pid, nullptr, 0), message.pid);
  EXPECT_EQ (wait_for_end ().exit_code, 137);
  finish ();
}

/* Fault "6c". */
TEST_F (LifeTest, WhileJournaldIsAwayAReaderHasAllAndTheEndIsTold)
{
  std::string text, got;
  char buffer[4096];
  Options options;
  int fds[2];
  ssize_t n;
  gint64 begin;

  for (const std::string &line : numbers (100000))
    text += line + "\n";
  ASSERT_EQ (pipe2 (fds, O_CLOEXEC), 0);
  options.attached[0] = fds[1];
  journald->close ();
  start (sh ("seq 100000; exit 7"), options);
  close (fds[1]);
  send (QUILT_MESSAGE_GO);
  begin = g_get_monotonic_time ();
  while ((n = read (fds[0], buffer, sizeof buffer)) > 0)
    got.append (buffer, (size_t)n);
  EXPECT_EQ (got, text);
  EXPECT_EQ (wait_for_end ().exit_code, 7);
  EXPECT_LT (g_get_monotonic_time () - begin, 3 * G_USEC_PER_SEC / 2);
  close (fds[0]);
  journald->open ();
  finish ();
  EXPECT_EQ (journald->messages ("stdout"), numbers (100000));
}

TEST_F (LifeTest, WithoutQuiltdBeforeGoNothingIsLeft)
{
  start ({"true"});
  ASSERT_EQ (wait_for (QUILT_MESSAGE_READY).type, QUILT_MESSAGE_READY);
  drop_connection ();
  EXPECT_EQ (wait_for_exit (), 0);
  EXPECT_EQ (journald->entries.size (), 0u);

  start ({"true"});
  drop_connection ();
  EXPECT_EQ (wait_for_exit (), 0);
}

TEST_F (LifeTest, TerminationIsAGracefulStop)
{
  QuiltMessage message;

  start_up (TRAP);
  drop_connection ();
  kill (supervisor, SIGTERM);
  EXPECT_EQ (wait_for_exit (), 0);
  message = load_exit ();
  EXPECT_EQ (message.type, QUILT_MESSAGE_EXITED);
  EXPECT_EQ (message.exit_code, 3);
  EXPECT_STREQ (message.text, "stopped");
  EXPECT_EQ (journald->messages (), (Strings{"up", "bye"}));
}

TEST_F (LifeTest, OtherSignalsMeanNothing)
{
  start_up (TRAP);
  for (int signal : {SIGINT, SIGHUP, SIGPIPE, SIGUSR1})
    kill (supervisor, signal);
  send (QUILT_MESSAGE_STOP, SIGTERM, 10 * G_USEC_PER_SEC);
  EXPECT_EQ (wait_for_end ().exit_code, 3);
  finish ();
}

TEST_F (LifeTest, ItsDeathIsTheContainersDeath)
{
  QuiltMessage running = start_up (DEAF);
  g_autofd int fd = pidfd_open (running.pid, 0);

  ASSERT_GE (fd, 0);
  kill (supervisor, SIGKILL);
  EXPECT_TRUE (wait_readable (fd));
  EXPECT_TRUE (WIFSIGNALED (wait_for_exit ()));
  EXPECT_EQ (load_exit ().type, 0u);
}

#ifndef __SANITIZE_ADDRESS__ /* which looks for leaks in a way that takes more power */
/* Fault 7. */
TEST_F (LifeTest, ItKeepsNoMorePowerThanItNeeds)
{
  const Strings wanted = {"CapInh:\t0000000000000000",
                          "CapPrm:\t0000000000000020",
                          "CapEff:\t0000000000000020",
                          "CapAmb:\t0000000000000000",
                          "NoNewPrivs:\t1",
                          "Seccomp:\t2"};
  Strings got;
  std::string line;

  start_up (TRAP);
  std::ifstream status ("/proc/" + std::to_string (supervisor) + "/status");
  while (std::getline (status, line))
    if (line.rfind ("CapBnd", 0) != 0 && /* it matters to a process that executes programs */
        (line.rfind ("Cap", 0) == 0 || line.rfind ("NoNewPrivs", 0) == 0 ||
         line.rfind ("Seccomp:", 0) == 0))
      got.push_back (line);
  EXPECT_EQ (got, wanted);
}
#endif

TEST_F (LifeTest, StrangersAreTurnedAway)
{
  struct stat st;
  std::string path = run_file ("supervisor");
  pid_t child;
  int status;

  start_up (TRAP);
  ASSERT_EQ (stat (path.c_str (), &st), 0);
  EXPECT_EQ (st.st_mode & 07777, 0600u);
  drop_connection ();
  ASSERT_EQ (chmod (path.c_str (), 0666), 0); /* whatever let him get here */
  chmod (directory.c_str (), 0755);
  child = fork ();
  if (child == 0) {
    struct sockaddr_un address = {};
    struct pollfd closed = {};
    char byte;

    closed.fd = socket (AF_UNIX, SOCK_SEQPACKET, 0);
    closed.events = POLLIN;
    address.sun_family = AF_UNIX;
    g_strlcpy (address.sun_path, path.c_str (), sizeof address.sun_path);
    if (setuid (1234) < 0 || connect (closed.fd, (struct sockaddr *)&address, sizeof address) < 0)
      _exit (1);
    _exit (poll (&closed, 1, 10000) == 1 && recv (closed.fd, &byte, 1, 0) <= 0 ? 0 : 2);
  }
  ASSERT_EQ (waitpid (child, &status, 0), child);
  EXPECT_EQ (WEXITSTATUS (status), 0);
  reconnect ();
  EXPECT_EQ (wait_for (QUILT_MESSAGE_RUNNING).type, QUILT_MESSAGE_RUNNING);
}

TEST_F (LifeTest, NonsenseDropsTheConnectionAndNoMore)
{
  char nonsense[5000] = {};

  start_up (TRAP);
  for (size_t size : {1ul, 56ul, 57ul, 1000ul, sizeof nonsense}) {
    ASSERT_EQ (::send (control, nonsense, size, MSG_NOSIGNAL), (ssize_t)size);
    reconnect ();
    ASSERT_EQ (wait_for (QUILT_MESSAGE_RUNNING).type, QUILT_MESSAGE_RUNNING);
  }
  send ((QuiltMessageType)999);
  send (QUILT_MESSAGE_BYE); /* from a quiltd that has nothing on record yet */
  send (QUILT_MESSAGE_GO);
  send (QUILT_MESSAGE_KILL, 0);
  send (QUILT_MESSAGE_KILL, -5);
  send (QUILT_MESSAGE_STOP, SIGTERM, 10 * G_USEC_PER_SEC);
  EXPECT_EQ (wait_for_end ().exit_code, 3);
  finish ();
}

TEST_F (LifeTest, StepsRunInOrderAndAreTold)
{
  Options options;
  std::string told;

  options.env = {"PATH=/bin", "WHO=me"};
  options.steps = {
      {sh ("echo one $WHO; echo err >&2; printf tail; echo 1 > /etc/steps")},
      {sh ("echo two; (sleep 1000 &); trap '' TERM; sleep 1000 & echo 2 >> /etc/steps")},
  };
  EXPECT_EQ (
      run (sh ("echo main; cat /etc/steps; ! grep -q sleep /proc/[0-9]*/comm"), options).exit_code,
      0);
  EXPECT_EQ (seen,
             (std::vector<guint32>{QUILT_MESSAGE_READY, QUILT_MESSAGE_STEP, QUILT_MESSAGE_STEP,
                                   QUILT_MESSAGE_RUNNING, QUILT_MESSAGE_EXITED}));
  for (const Entry &entry : journald->entries)
    told +=
        (entry.count ("QUILT_STEP") ? entry.at ("QUILT_STEP") : "-") + entry.at ("MESSAGE") + "\n";
  EXPECT_EQ (told.substr (0, told.find ("-main")).size (), strlen ("1one me\n1err\n1tail\n2two\n"));
  for (const char *line : {"1one me\n", "1err\n", "1tail\n", "2two\n", "-main\n-1\n-2\n"})
    EXPECT_NE (told.find (line), std::string::npos) << told;
}

/* Starts a container with a step, and waits until it is held. */
#define START_HELD()                                                                               \
  do {                                                                                             \
    Options held;                                                                                  \
    held.steps = {{sh ("echo step >/etc/step")}};                                                  \
    held.detained = true;                                                                          \
    start (sh ("cat /etc/step; echo main >/etc/main; cat"), held);                                 \
    send (QUILT_MESSAGE_GO);                                                                       \
    EXPECT_EQ (wait_for (QUILT_MESSAGE_STEP).flags &QUILT_MESSAGE_FLAG_DETAINED, 0u);              \
    EXPECT_EQ (wait_for (QUILT_MESSAGE_STEP).flags &QUILT_MESSAGE_FLAG_DETAINED,                   \
               (guint)QUILT_MESSAGE_FLAG_DETAINED);                                                \
    EXPECT_TRUE (g_file_test ((directory + "/upper/etc/step").c_str (), G_FILE_TEST_EXISTS));      \
    EXPECT_FALSE (g_file_test ((directory + "/upper/etc/main").c_str (), G_FILE_TEST_EXISTS));     \
  } while (0)

TEST_F (LifeTest, IsHeldAfterItsStepsUntilToldToContinue)
{
  START_HELD ();
  send (QUILT_MESSAGE_CONTINUE);
  EXPECT_EQ (wait_for (QUILT_MESSAGE_RUNNING).flags & QUILT_MESSAGE_FLAG_DETAINED, 0u);
  EXPECT_EQ (wait_for_end ().exit_code, 0);
  finish ();
  EXPECT_EQ (journald->messages (), Strings{"step"});
}

TEST_F (LifeTest, IsNotHeldWithoutQuiltd)
{
  START_HELD ();
  drop_connection ();
  reconnect ();
  EXPECT_EQ (wait_for_end ().exit_code, 0);
  finish ();
}

TEST_F (LifeTest, IsStoppedWhileItIsHeld)
{
  START_HELD ();
  send (QUILT_MESSAGE_STOP, SIGTERM, G_MAXUINT64);
  QuiltMessage message = wait_for_end ();
  EXPECT_EQ (message.type, QUILT_MESSAGE_FAILED);
  EXPECT_EQ (message.code, QUILT_ERROR_CANCELLED);
  finish ();
  EXPECT_FALSE (g_file_test ((directory + "/upper/etc/main").c_str (), G_FILE_TEST_EXISTS));
}

TEST_F (LifeTest, ContinueMayComeTooEarly)
{
  Options options;

  options.steps = {{sh ("true")}};
  options.detained = true;
  start (sh ("echo main"), options);
  send (QUILT_MESSAGE_CONTINUE);
  send (QUILT_MESSAGE_GO);
  EXPECT_EQ (wait_for_end ().exit_code, 0);
  finish ();
}

TEST_F (LifeTest, AStepMayMakeTheWorkingDirectory)
{
  Options options;

  options.cwd = "/app";
  options.steps = {{sh ("pwd; mkdir /app")}, {sh ("pwd")}};
  EXPECT_EQ (run (sh ("pwd"), options).exit_code, 0);
  EXPECT_EQ (journald->messages (), (Strings{"/", "/app", "/app"}));
}

TEST_F (LifeTest, ReapsProcessesThatAStepAbandons)
{
  Options options;

  /* More orphans than can be zombies at once, if no process reaped them. */
  options.steps = {{sh ("i=0; while [ $i -lt 50 ]; do (true &); i=$((i+1)); done;"
                        "while grep -qs Z /proc/[0-9]*/stat; do :; done; echo none")}};
  EXPECT_EQ (run (sh ("true"), options).exit_code, 0);
  EXPECT_EQ (journald->messages (), Strings{"none"});
}

TEST_F (LifeTest, AFailedStepEndsIt)
{
  Options options;
  QuiltMessage message;

  options.steps = {{{"true"}},
                   {sh ("echo out; echo first >&2; echo 'E: \033[1mno space' >&2; exit 3")}};
  message = run (sh ("echo main"), options);
  EXPECT_EQ (message.type, QUILT_MESSAGE_FAILED);
  EXPECT_EQ (message.code, QUILT_ERROR_SETUP_FAILED);
  EXPECT_EQ (message.step, 2u);
  EXPECT_EQ (message.exit_code, 3);
  EXPECT_STREQ (message.text,
                "Setup step 2 failed with exit code 3; its last output: first / E:  [1mno space");
  EXPECT_EQ (load_exit ().type, QUILT_MESSAGE_FAILED);
  EXPECT_EQ (journald->messages ("stdout"), Strings{"out"});

  options.steps = {{{"no-such-program"}}};
  message = run (sh ("echo main"), options);
  EXPECT_EQ (message.code, QUILT_ERROR_SETUP_FAILED);
  EXPECT_EQ (message.exit_code, 127);
  EXPECT_NE (std::string (message.text).find ("no-such-program"), std::string::npos);

  options.steps = {{sh ("kill -9 $$")}};
  message = run (sh ("echo main"), options);
  EXPECT_EQ (message.exit_code, 137);
  EXPECT_EQ (journald->messages ("stdout"), Strings{"out"});
}

TEST_F (LifeTest, AStepThatHangsIsEnded)
{
  Options options;
  QuiltMessage message;

  options.steps = {{sh ("trap '' TERM; sleep 1000 & sleep 1000"), 1}};
  message = run (sh ("echo main"), options);
  EXPECT_EQ (message.type, QUILT_MESSAGE_FAILED);
  EXPECT_EQ (message.step, 1u);
  EXPECT_NE (std::string (message.text).find ("timeout"), std::string::npos) << message.text;
  EXPECT_EQ (journald->messages (), Strings ());
}

TEST_F (LifeTest, AStepCanBeStopped)
{
  Options options;
  QuiltMessage message;

  options.steps = {{sh ("echo up; sleep 1000")}};
  start (sh ("echo main"), options);
  send (QUILT_MESSAGE_GO);
  wait_for (QUILT_MESSAGE_STEP);
  ASSERT_TRUE (wait_for_message ("up"));
  drop_connection ();
  reconnect ();
  EXPECT_EQ (wait_for (QUILT_MESSAGE_STEP).step, 1u);
  send (QUILT_MESSAGE_STOP, SIGTERM, 10 * G_USEC_PER_SEC);
  message = wait_for_end ();
  EXPECT_EQ (message.type, QUILT_MESSAGE_FAILED);
  EXPECT_EQ (message.code, QUILT_ERROR_CANCELLED);
  EXPECT_EQ (message.step, 1u);
  EXPECT_EQ (message.flags, (guint32)QUILT_MESSAGE_FLAG_STOPPING);
  finish ();
  EXPECT_EQ (journald->messages (), Strings{"up"});
}

TEST_F (LifeTest, StepsHaveNoMoreRightsThanTheCommand)
{
  Options options;

  options.steps = {
      {sh ("grep -E 'Cap|NoNewPrivs' /proc/self/status; cat /proc/1/environ >/dev/null "
           "2>&1 || echo hidden; readlink /proc/1/fd/3 || echo closed")}};
  run ({"true"}, options);
  EXPECT_EQ (journald->messages ("stdout"),
             (Strings{"CapInh:\t0000000000000000", "CapPrm:\t00000000000000e1",
                      "CapEff:\t00000000000000e1", "CapBnd:\t00000000000000e1",
                      "CapAmb:\t0000000000000000", "NoNewPrivs:\t1", "hidden", "closed"}));
}

TEST_F (LifeTest, ItsNameMayChange)
{
  start_up ("trap 'echo again' USR1; echo up; while :; do sleep 0.01; done");
  send (QUILT_MESSAGE_RENAME, 0, 0, "other");
  send (QUILT_MESSAGE_KILL, SIGUSR1);
  ASSERT_TRUE (wait_for_message ("again"));
  EXPECT_EQ (journald->entries.front ().at ("CONTAINER_NAME"), "web");
  EXPECT_EQ (journald->entries.back ().at ("CONTAINER_NAME"), "other");
  EXPECT_EQ (journald->entries.back ().at ("SYSLOG_IDENTIFIER"), "other");
}
