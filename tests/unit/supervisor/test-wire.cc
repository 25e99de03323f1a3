/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A supervisor and quiltds of other versions than its own. */
#include "harness.h"

extern "C" {
#include "base/error.h"
}

#include <signal.h>

class WireTest : public ContainerTest
{
};

/* The package is upgraded while quiltd runs: that quiltd executes the new supervisor. */
TEST_F (WireTest, AQuiltdThatIsOlderIsAnsweredInItsVersion)
{
  version = QUILT_MESSAGE_VERSION_1;
  start (sh ("sleep 1000"));
  EXPECT_EQ (wait_for (QUILT_MESSAGE_READY).version, 1u);
  send (QUILT_MESSAGE_GO);
  EXPECT_EQ (wait_for (QUILT_MESSAGE_RUNNING).version, 1u);
  reconnect ();
  version = QUILT_MESSAGE_VERSION;
  EXPECT_EQ (wait_for (QUILT_MESSAGE_RUNNING).version, 2u);
  send (QUILT_MESSAGE_KILL, SIGKILL);
  EXPECT_EQ (wait_for_end ().version, 2u);
  finish ();
}

TEST_F (WireTest, AFailureIsToldInTheVersionOfWhoStartsIt)
{
  Options options;
  QuiltMessage failed;

  version = QUILT_MESSAGE_VERSION_1;
  options.mounts = ",{";
  start ({"true"}, options);
  failed = wait_for_end ();
  EXPECT_EQ (failed.type, (guint32)QUILT_MESSAGE_FAILED);
  EXPECT_EQ (failed.version, 1u);
}

TEST_F (WireTest, ARequestThatIsNotKnownIsAnswered)
{
  QuiltMessage request, answer;

  start (sh ("sleep 1000"));
  send (QUILT_MESSAGE_GO);
  wait_for (QUILT_MESSAGE_RUNNING);
  quilt_message_init (&request, (QuiltMessageType)999);
  EXPECT_TRUE (quilt_message_send (control, &request)); /* this message has no answer */
  request.request = 7;
  request.session = 3;
  EXPECT_TRUE (quilt_message_send_fds (control, &request, &control, 1));
  answer = wait_for (QUILT_MESSAGE_ERROR);
  EXPECT_EQ (answer.request, 7u);
  EXPECT_EQ (answer.session, 3u);
  EXPECT_EQ (answer.code, QUILT_ERROR_NOT_SUPPORTED);
  EXPECT_NE (*answer.text, '\0');
  send (QUILT_MESSAGE_KILL, SIGKILL);
  wait_for_end ();
  EXPECT_EQ (seen.back (), (guint32)QUILT_MESSAGE_EXITED);
  finish ();
}

/* A later quiltd may end one process of a container: that is not the container. */
TEST_F (WireTest, AMessageAboutAnotherSessionIsNotForTheContainer)
{
  QuiltMessage message;

  start (sh ("sleep 1000"));
  send (QUILT_MESSAGE_GO);
  wait_for (QUILT_MESSAGE_RUNNING);
  quilt_message_init (&message, QUILT_MESSAGE_KILL);
  message.signal = SIGKILL;
  message.session = 3;
  message.request = 8;
  EXPECT_TRUE (quilt_message_send (control, &message));
  message = wait_for (QUILT_MESSAGE_ERROR);
  EXPECT_EQ (message.request, 8u);
  EXPECT_EQ (message.session, 3u);
  EXPECT_EQ (message.code, QUILT_ERROR_NOT_SUPPORTED);
  send (QUILT_MESSAGE_KILL, SIGKILL);
  wait_for_end ();
  finish ();
}

/* A quiltd that is back says nothing before it knows the version. */
TEST_F (WireTest, ItAlwaysSpeaksFirst)
{
  QuiltMessage message;

  start (sh ("sleep 1000"));
  message = wait_for (QUILT_MESSAGE_READY);
  ASSERT_EQ (kill (message.pid, SIGSTOP), 0);
  send (QUILT_MESSAGE_GO);
  reconnect ();
  message = wait_for (QUILT_MESSAGE_STEP);
  EXPECT_EQ (message.step, 0u);
  ASSERT_EQ (kill (message.pid, SIGCONT), 0);
  EXPECT_EQ (wait_for (QUILT_MESSAGE_RUNNING).type, (guint32)QUILT_MESSAGE_RUNNING);
  send (QUILT_MESSAGE_KILL, SIGKILL);
  wait_for_end ();
  finish ();
}
