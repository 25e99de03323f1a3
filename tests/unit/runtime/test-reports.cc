/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading what an init reports, as a loop does: never waiting. The test is the init. */
#include <glib.h>
#include <gtest/gtest.h>

extern "C" {
#include "base/error.h"
#include "base/fd.h"
#include "runtime/reports.h"
}

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

class ReportsTest : public testing::Test
{
protected:
  void SetUp () override
  {
    int pair[2];

    ASSERT_EQ (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    payload.channel = pair[0];
    init = pair[1];
  }

  void TearDown () override
  {
    quilt_payload_clear (&payload);
    quilt_fd_clear (&init);
  }

  void say (QuiltReportType type) const
  {
    QuiltReport report;

    quilt_report_init (&report, type);
    EXPECT_TRUE (quilt_report_send (init, &report));
  }

  /* As quilt_reports_read(); the error's code instead of -1. */
  int read_reports ()
  {
    g_autoptr (GError) error = nullptr;
    int r = quilt_reports_read (&wait, &payload, &got, &error);

    EXPECT_EQ (error != nullptr, r < 0);
    return r < 0 ? error->code : r;
  }

  QuiltPayload payload = QUILT_PAYLOAD_NONE;
  QuiltReportsWait wait = {};
  QuiltReport got = {};
  int init = -1;
};

TEST_F (ReportsTest, NothingYetIsNotAnError)
{
  wait.until = QUILT_REPORT_READY;
  EXPECT_EQ (read_reports (), 0);
  say (QUILT_REPORT_WARNING);
  EXPECT_EQ (read_reports (), 0);
  say (QUILT_REPORT_READY);
  say (QUILT_REPORT_STEPS_DONE); /* stays for the next wait */
  EXPECT_EQ (read_reports (), 1);
  EXPECT_EQ (got.type, QUILT_REPORT_READY);
  wait = {};
  wait.until = QUILT_REPORT_STEPS_DONE;
  EXPECT_EQ (read_reports (), 1);
}

TEST_F (ReportsTest, TheCommandRunsAtTheEndOfFileAfterExec)
{
  wait.until = QUILT_REPORT_EXEC;
  say (QUILT_REPORT_EXEC);
  EXPECT_EQ (read_reports (), 0);
  quilt_fd_clear (&init);
  EXPECT_EQ (read_reports (), 1);
}

TEST_F (ReportsTest, AnEndBeforeThatIsAnError)
{
  wait.until = QUILT_REPORT_EXEC;
  EXPECT_EQ (read_reports (), 0);
  quilt_fd_clear (&init);
  EXPECT_EQ (read_reports (), QUILT_ERROR_FAILED);
}

TEST_F (ReportsTest, TheErrorSaysWhatFailed)
{
  QuiltReport report;

  wait.until = QUILT_REPORT_EXEC;
  quilt_report_init (&report, QUILT_REPORT_COMMAND_BAD);
  report.problem = QUILT_COMMAND_NOT_FOUND;
  say (QUILT_REPORT_EXEC);
  EXPECT_TRUE (quilt_report_send (init, &report));
  EXPECT_EQ (read_reports (), QUILT_ERROR_COMMAND_NOT_FOUND);
}

/* A process of the container may be able to write to the channel. */
TEST_F (ReportsTest, AFloodEnds)
{
  int r = 0;

  wait.until = QUILT_REPORT_READY;
  for (int i = 0; i < 10000 && r == 0; i++) {
    say (QUILT_REPORT_WARNING);
    r = read_reports ();
  }
  EXPECT_EQ (r, QUILT_ERROR_FAILED);
}

TEST_F (ReportsTest, ADescriptorThatNobodyWaitsForIsClosed)
{
  int pid_fd = (int)syscall (SYS_pidfd_open, getpid (), 0);
  int next = fcntl (0, F_DUPFD_CLOEXEC, 0);

  ASSERT_EQ (close (next), 0);
  wait.until = QUILT_REPORT_READY;
  EXPECT_TRUE (quilt_report_send_born (init, getpid (), pid_fd));
  EXPECT_NE (read_reports (), 1);
  EXPECT_EQ (fcntl (next, F_GETFD), -1);
  close (pid_fd);
}

TEST_F (ReportsTest, TheListenerIsHandedOverOnTheWay)
{
  static bool works;
  QuiltListenerTaker taker = {};

  taker.hand_over = [] (const QuiltReport *, int, gconstpointer, GError **error) -> gboolean {
    if (!works)
      g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_BUSY, "");
    return works;
  };
  for (bool wanted : {true, false}) {
    wait = {};
    wait.until = QUILT_REPORT_CREATED;
    wait.taker = &taker;
    works = wanted;
    say (QUILT_REPORT_LISTENER);
    EXPECT_EQ (read_reports (), wanted ? 0 : (int)QUILT_ERROR_BUSY);
  }
}
