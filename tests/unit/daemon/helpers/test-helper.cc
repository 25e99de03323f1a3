/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes of quiltd's and the socket to them, with this program as the helper. */
#include <gtest/gtest.h>

extern "C" {
#include "base/fd.h"
#include "daemon/helpers/helper.h"
}

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

struct Talk {
  GMainLoop *loop;
  QuiltHelper *helper;
  std::string text;
  guint type;
  bool closed;
  std::vector<gsize> bodies;
};

static void
on_message (const QuiltMessage *message, gpointer data)
{
  Talk *talk = static_cast<Talk *> (data);

  talk->text = message->text;
  talk->type = message->type;
}

static void
on_closed (gpointer data)
{
  Talk *talk = static_cast<Talk *> (data);

  talk->closed = true;
  g_main_loop_quit (talk->loop);
}

static void
on_body (const QuiltMessage *message, GBytes *body, gpointer data)
{
  Talk *talk = static_cast<Talk *> (data);

  talk->bodies.push_back (g_bytes_get_size (body));
  talk->type = message->type;
}

static const QuiltHelperEvents events = {on_message, on_closed};
static const QuiltHelperEvents events_with_bodies = {on_message, on_closed, nullptr, nullptr,
                                                     on_body};

/* The child's behaviour when it is executed as `PROGRAM --helper VERB`. */
static int
be_helper (const std::string &verb)
{
  QuiltMessage message;
  struct pollfd fd = {3, POLLIN, 0};

  quilt_message_init (&message, QUILT_MESSAGE_READY);
  if (verb == "descriptors") {
    std::string open;

    for (int i = 0; i < 64; i++)
      if (fcntl (i, F_GETFD) >= 0)
        open += std::to_string (i) + " ";
    quilt_message_set_text (&message, open.c_str ());
    quilt_message_send (3, &message);
  } else if (verb == "environment") {
    g_auto (GStrv) names = g_listenv ();
    g_autofree char *text = g_strjoinv (" ", names);

    quilt_message_set_text (&message, text);
    quilt_message_send (3, &message);
  } else if (verb == "write") {
    dprintf (4, "four");
    dprintf (5, "five");
  } else if (verb == "bodies") {
    for (gsize size : {1, 4096, 5000, QUILT_MESSAGE_BODY_MAX}) {
      g_autoptr (GBytes) body = g_bytes_new_take (g_malloc0 (size), size);

      quilt_message_send_body (3, &message, nullptr, 0, body);
    }
    quilt_message_set_text (&message, "no body");
    quilt_message_send (3, &message);
  } else if (verb == "nonsense") {
    send (3, "nonsense", 8, 0);
    poll (&fd, 1, -1);
  } else if (verb == "hang") {
    quilt_message_send (3, &message);
    for (;;)
      pause ();
  }
  return 0;
}

class Helper : public testing::Test
{
protected:
  void SetUp () override
  {
    talk.loop = g_main_loop_new (nullptr, FALSE);
  }

  void TearDown () override
  {
    quilt_helper_free (talk.helper);
    g_main_loop_unref (talk.loop);
    /* The helper is reaped by the main loop, soon after its end. */
    while (waitid (P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
      g_main_context_iteration (nullptr, TRUE);
  }

  bool spawn (const char *verb, const int *fds, guint n, const QuiltHelperEvents *wanted = &events)
  {
    g_autofree char *program = g_file_read_link ("/proc/self/exe", nullptr);
    g_autofree char *path = g_path_get_dirname (program);
    g_autofd int dir_fd = open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *const argv[] = {program, "--helper", verb, nullptr};

    talk.helper = quilt_helper_spawn (dir_fd, argv, fds, n, wanted, &talk, nullptr);
    return talk.helper != nullptr;
  }

  Talk talk = {};
  siginfo_t info = {};
};

/* Fault 16. */
TEST_F (Helper, HasNothingThatTheServiceManagerToldQuiltd)
{
  const char *const names[] = {"NOTIFY_SOCKET", "WATCHDOG_PID",   "WATCHDOG_USEC", "LISTEN_FDS",
                               "LISTEN_PID",    "LISTEN_FDNAMES", "FDSTORE",       "G_SLICE"};

  clearenv ();
  g_setenv ("LANG", "C.UTF-8", TRUE);
  for (const char *name : names)
    g_setenv (name, "1", TRUE);
  ASSERT_TRUE (spawn ("environment", nullptr, 0));
  g_main_loop_run (talk.loop);
  EXPECT_EQ (talk.text, "LANG");
  for (const char *name : names)
    g_unsetenv (name);
}

TEST_F (Helper, HasItsDescriptorsAndNoOthers)
{
  g_autofd int fd = open ("/dev/null", O_RDWR | O_CLOEXEC);
  const int fds[] = {fd, -1, fd};

  ASSERT_TRUE (spawn ("descriptors", fds, 3));
  g_main_loop_run (talk.loop);
  EXPECT_EQ (talk.type, (guint)QUILT_MESSAGE_READY);
  EXPECT_EQ (talk.text, "0 1 2 3 4 6 ");
}

TEST_F (Helper, GetsEachDescriptorInItsPlaceWhereverItStood)
{
  int four[2], five[2];
  char text[8] = {};

  ASSERT_EQ (pipe2 (four, O_CLOEXEC), 0);
  ASSERT_EQ (pipe2 (five, O_CLOEXEC), 0);
  /* The sources stand where the targets are, the wrong way round. */
  g_autofd int at5 = fcntl (four[1], F_DUPFD_CLOEXEC, 5);
  g_autofd int at4 = fcntl (five[1], F_DUPFD_CLOEXEC, 4);
  const int fds[] = {at5, at4};
  ASSERT_TRUE (spawn ("write", fds, 2));
  g_main_loop_run (talk.loop);
  EXPECT_EQ (read (four[0], text, sizeof text), 4);
  EXPECT_STREQ (text, "four");
  EXPECT_EQ (read (five[0], text, sizeof text), 4);
  EXPECT_STREQ (text, "five");
  for (int fd : {four[0], four[1], five[0], five[1]})
    close (fd);
}

TEST_F (Helper, SendsBodiesOfEachSize)
{
  ASSERT_TRUE (spawn ("bodies", nullptr, 0, &events_with_bodies));
  g_main_loop_run (talk.loop);
  EXPECT_EQ (talk.bodies, (std::vector<gsize>{1, 4096, 5000, QUILT_MESSAGE_BODY_MAX}));
  EXPECT_EQ (talk.text, "no body");
}

TEST_F (Helper, MaySendBodiesThatNobodyReads)
{
  ASSERT_TRUE (spawn ("bodies", nullptr, 0));
  g_main_loop_run (talk.loop);
  EXPECT_TRUE (talk.bodies.empty ());
  EXPECT_EQ (talk.text, "no body");
}

TEST_F (Helper, IsDroppedWhenItTalksNonsense)
{
  ASSERT_TRUE (spawn ("nonsense", nullptr, 0));
  g_main_loop_run (talk.loop);
  EXPECT_TRUE (talk.closed);
  EXPECT_EQ (talk.type, 0u);
}

TEST_F (Helper, CanBeKilled)
{
  ASSERT_TRUE (spawn ("hang", nullptr, 0));
  while (talk.type == 0)
    g_main_context_iteration (nullptr, TRUE);
  quilt_helper_kill (talk.helper);
  g_main_loop_run (talk.loop);
  EXPECT_TRUE (talk.closed);
}

TEST_F (Helper, IsNotReapedWhileSomebodyMayUseItsPid)
{
  ASSERT_TRUE (spawn ("", nullptr, 0));
  g_main_loop_run (talk.loop);
  EXPECT_EQ (waitid (P_PID, quilt_helper_get_pid (talk.helper), &info, WEXITED | WNOWAIT), 0);
}

TEST_F (Helper, ReportsAMissingProgram)
{
  const char *const argv[] = {"/nonexistent", nullptr};
  g_autofd int root_fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (GError) error = nullptr;

  EXPECT_EQ (quilt_helper_spawn (root_fd, argv, nullptr, 0, &events, &talk, &error), nullptr);
  ASSERT_NE (error, nullptr);
  EXPECT_STREQ (error->message, "Failed to execute '/nonexistent': No such file or directory");
}

/* Fault 5. One that is stopped reads nothing, and loses nothing. */
TEST_F (Helper, GetsAllThatWasSentWhileItDidNotRead)
{
  int pair[2];
  QuiltMessage message;
  int sent = 0, received = 0, r;

  ASSERT_EQ (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  talk.helper = quilt_helper_adopt (pair[0], &events, &talk);
  quilt_message_init (&message, QUILT_MESSAGE_RUNNING);
  ASSERT_TRUE (quilt_message_send (pair[1], &message));
  while (talk.type == 0)
    g_main_context_iteration (nullptr, TRUE);
  quilt_message_init (&message, QUILT_MESSAGE_KILL);
  while (!quilt_helper_is_clogged (talk.helper) || sent % 7 != 0) {
    message.signal = ++sent;
    ASSERT_TRUE (quilt_helper_send (talk.helper, &message));
  }
  while (received < sent) {
    g_main_context_iteration (nullptr, FALSE);
    while ((r = quilt_message_receive (pair[1], &message)) > 0)
      EXPECT_EQ (message.signal, ++received);
    ASSERT_LT (r, 0);
    ASSERT_EQ (errno, EAGAIN);
  }
  EXPECT_FALSE (quilt_helper_is_clogged (talk.helper));
  close (pair[1]); /* not noticed any more: the peer that would be killed is this process */
}

/* An earlier quiltd may have started it. Its first message shows whether it knows version 2. */
TEST_F (Helper, AnswersAnAdoptedHelperInItsVersion)
{
  for (guint32 version : {QUILT_MESSAGE_VERSION_1, QUILT_MESSAGE_VERSION}) {
    QuiltMessage message;
    int pair[2];

    ASSERT_EQ (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    g_autoptr (QuiltHelper) helper = quilt_helper_adopt (pair[0], &events, &talk);
    quilt_message_init (&message, QUILT_MESSAGE_STOP);
    ASSERT_TRUE (quilt_helper_send (helper, &message));
    while (g_main_context_iteration (nullptr, FALSE))
      ;
    EXPECT_LT (quilt_message_receive (pair[1], &message), 0);
    EXPECT_EQ (errno, EAGAIN);
    EXPECT_TRUE (quilt_helper_is_clogged (helper));

    quilt_message_init (&message, QUILT_MESSAGE_RUNNING);
    message.version = version;
    ASSERT_TRUE (quilt_message_send (pair[1], &message));
    while (quilt_helper_is_clogged (helper))
      g_main_context_iteration (nullptr, TRUE);
    ASSERT_TRUE (quilt_helper_send (helper, &message));
    for (guint32 type : {QUILT_MESSAGE_STOP, QUILT_MESSAGE_RUNNING}) {
      ASSERT_EQ (quilt_message_receive (pair[1], &message), 1);
      EXPECT_EQ (message.version, version);
      EXPECT_EQ (message.type, type);
    }
    g_clear_pointer (&helper, quilt_helper_free);
    close (pair[1]); /* after: the peer that would be killed is this process */
  }
}

/* Fault 5. Without a pidfd it could neither be killed nor reaped. */
TEST_F (Helper, ReapsAHelperThatCannotBeWatched)
{
  struct sock_filter filter[] = {
      BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
      BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
      BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EMFILE),
      BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {G_N_ELEMENTS (filter), filter};

  EXPECT_EXIT (
      {
        prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
        _exit (!spawn ("hang", nullptr, 0) && waitpid (-1, nullptr, WNOHANG) < 0 ? 0 : 1);
      },
      testing::ExitedWithCode (0), "");
}

int
main (int argc, char **argv)
{
  if (argc == 3 && std::string (argv[1]) == "--helper")
    return be_helper (argv[2]);
  testing::InitGoogleTest (&argc, argv);
  return RUN_ALL_TESTS ();
}
