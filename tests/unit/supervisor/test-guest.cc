/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One process more in a container that runs, started from a loop that has other things to do. */
#include "harness.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* glibc's header lacks the guard for C++. */
extern "C" {
#include <sys/pidfd.h>

#include "base/error.h"
#include "base/file.h"
#include "runtime/guest.h"
#include "supervisor/streams/sources.h"
}

class GuestTest : public ContainerTest
{
protected:
  void SetUp () override
  {
    sigset_t all;

    ContainerTest::SetUp ();
    if (IsSkipped ())
      return;
    sigfillset (&all);
    pthread_sigmask (SIG_SETMASK, &all, nullptr);
    ASSERT_EQ (pipe2 (output, O_CLOEXEC), 0);
    ASSERT_EQ (pipe2 (other, O_CLOEXEC), 0);
    start (sh ("echo runs; sleep 1000"));
    send (QUILT_MESSAGE_GO);
    first = (pid_t)wait_for (QUILT_MESSAGE_RUNNING).pid;
    first_fd = pidfd_open (first, 0);
    ASSERT_TRUE (wait_for_message ("runs"));
  }

  void TearDown () override
  {
    quilt_guest_clear (&guest);
    quilt_spec_free (spec);
    for (int *fd :
         {&first_fd, &root_fd, &setup.cgroup, &output[0], &output[1], &other[0], &other[1]})
      quilt_fd_clear (fd);
    if (control >= 0) {
      send (QUILT_MESSAGE_KILL, SIGKILL);
      wait_for_end ();
      finish ();
    }
    ContainerTest::TearDown ();
  }

  bool plan (const char *command, GError **error)
  {
    gsize size;
    g_autofree char *config = nullptr;

    if (!g_file_get_contents ((run_dir + "/config.json").c_str (), &config, &size, error) ||
        !(spec = quilt_spec_parse (config, size, error)) ||
        !quilt_guest_plan (spec, first, &root_fd, error))
      return false;
    g_strfreev (spec->process.args);
    spec->process.args = g_strsplit (command, " ", -1);
    setup.cgroup = quilt_guest_open_cgroup (first, error);
    setup.stdio[1] = output[1];
    setup.outlives = TRUE;
    return setup.cgroup >= 0;
  }

  static void on_guest (gpointer data, short)
  {
    auto self = static_cast<GuestTest *> (data);

    self->result = quilt_guest_advance (&self->guest, &self->error);
  }

  static void on_other (gpointer data, short)
  {
    auto self = static_cast<GuestTest *> (data);
    char byte;

    EXPECT_EQ (read (self->other[0], &byte, 1), 1);
    self->n_other++;
  }

  static struct pollfd poll_guest (gconstpointer data)
  {
    return quilt_guest_poll (&static_cast<const GuestTest *> (data)->guest);
  }

  static struct pollfd poll_other (gconstpointer data)
  {
    return {static_cast<const GuestTest *> (data)->other[0], POLLIN, 0};
  }

  /* The loop, until the start is over or n_other events of something else were handled. */
  void loop (int until)
  {
    const struct timespec patience = {20, 0};
    g_autoptr (QuiltSources) sources = quilt_sources_new ();

    quilt_sources_add (sources, poll_guest, on_guest, this);
    quilt_sources_add (sources, poll_other, on_other, this);
    for (int turns = 0; result == 0 && n_other < until && turns < 100; turns++) {
      quilt_sources_wait (sources, &patience);
      quilt_sources_handle (sources);
    }
  }

  pid_t first = 0;
  int first_fd = -1, root_fd = -1, output[2] = {-1, -1}, other[2] = {-1, -1};
  int result = 0, n_other = 0;
  GError *error = nullptr;
  QuiltSpec *spec = nullptr;
  QuiltPayloadSetup setup = QUILT_PAYLOAD_SETUP_NONE;
  QuiltGuest guest = QUILT_GUEST_NONE;
};

TEST_F (GuestTest, TheLoopGoesOnWhileItsInitDoesNot)
{
  char text[64] = "";

  ASSERT_TRUE (plan ("hostname", &error)) << error->message;
  ASSERT_TRUE (quilt_guest_begin (&guest, spec, first_fd, &setup, nullptr, &error))
      << error->message;
  EXPECT_EQ (pidfd_send_signal (guest.payload.pid_fd, SIGSTOP, nullptr, 0), 0);
  for (int i = 1; i <= 3; i++) {
    ASSERT_EQ (write (other[1], "x", 1), 1);
    loop (i);
  }
  EXPECT_EQ (n_other, 3);
  EXPECT_EQ (pidfd_send_signal (guest.payload.pid_fd, SIGCONT, nullptr, 0), 0);
  loop (G_MAXINT);
  ASSERT_EQ (result, 1) << (error ? error->message : "it does not end");
  EXPECT_LT (quilt_guest_poll (&guest).fd, 0);
  EXPECT_EQ (waitpid (guest.payload.pid, nullptr, 0), guest.payload.pid);
  EXPECT_GT (read (output[0], text, sizeof text - 1), 0);
  EXPECT_STREQ (text, "web\n");
}

TEST_F (GuestTest, WhyItDoesNotRunIsSaid)
{
  ASSERT_TRUE (plan ("/no/such", &error)) << error->message;
  ASSERT_TRUE (quilt_guest_begin (&guest, spec, first_fd, &setup, nullptr, &error))
      << error->message;
  loop (G_MAXINT);
  EXPECT_EQ (result, -1);
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_COMMAND_NOT_FOUND));
  g_clear_error (&error);
}

TEST_F (GuestTest, AContainerThatHasEndedMeanwhileGetsNoProcess)
{
  ASSERT_TRUE (plan ("true", &error)) << error->message;
  ASSERT_TRUE (quilt_guest_begin (&guest, spec, first_fd, &setup, nullptr, &error))
      << error->message;
  send (QUILT_MESSAGE_KILL, SIGKILL);
  wait_for_end ();
  loop (G_MAXINT);
  EXPECT_EQ (result, -1);
  EXPECT_NE (error, nullptr);
  g_clear_error (&error);
  quilt_guest_clear (&guest);
  finish ();
  quilt_fd_clear (&control);
}
