/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The init's reports in words, and how a parent handles reports that make no sense. */
#include <glib-unix.h>
#include <gtest/gtest.h>

extern "C" {
#include "base/error.h"
#include "base/fd.h"
#include "core/program/report.h"
}

#include <sys/socket.h>

static QuiltReport
make (QuiltReportType type, const char *object = "", const char *detail = "")
{
  QuiltReport report;

  quilt_report_init (&report, type);
  g_strlcpy (report.object, object, sizeof report.object);
  g_strlcpy (report.detail, detail, sizeof report.detail);
  return report;
}

static std::string
words (const QuiltReport &report, int *ret_code = nullptr)
{
  g_autoptr (GError) error = nullptr;

  quilt_report_to_error (&report, &error);
  if (ret_code)
    *ret_code = error->code;
  return error->message;
}

TEST (ReportTest, StagesAreNamed)
{
  QuiltReport report = make (QUILT_REPORT_STAGE_FAILED, "proc on '/proc'");
  int code;

  report.stage = QUILT_STAGE_MOUNT;
  report.error = EPERM;
  EXPECT_EQ (words (report, &code), "Failed to mount proc on '/proc': Operation not permitted");
  EXPECT_EQ (code, QUILT_ERROR_FAILED);
  g_strlcpy (report.detail, "overlay: no such lowerdir", sizeof report.detail);
  EXPECT_EQ (words (report),
             "Failed to mount proc on '/proc': Operation not permitted, overlay: no such lowerdir");
  report.error = ENOSPC;
  words (report, &code);
  EXPECT_EQ (code, QUILT_ERROR_NO_SPACE);
  for (int stage = 0; stage < QUILT_N_STAGES; stage++) {
    report.stage = (guint8)stage;
    EXPECT_EQ (words (report).find ("Failed to "), 0u);
    EXPECT_EQ (words (report).find ("(null)"), std::string::npos);
  }
}

TEST (ReportTest, CommandsHaveTheirErrors)
{
  const struct {
    QuiltCommandProblem problem;
    int code;
    const char *text;
  } cases[] = {
      {QUILT_COMMAND_NOT_FOUND, QUILT_ERROR_COMMAND_NOT_FOUND,
       "Failed to execute '/a': there is no such program in the image"},
      {QUILT_COMMAND_DANGLING, QUILT_ERROR_COMMAND_NOT_FOUND,
       "Failed to execute '/a': it is a link that leads to '/b', which the image does not have"},
      {QUILT_COMMAND_NO_LOADER, QUILT_ERROR_COMMAND_NOT_EXECUTABLE,
       "Failed to execute '/a': it is dynamically linked and its loader '/b' is not in the image"},
      {QUILT_COMMAND_NO_LIBRARY, QUILT_ERROR_COMMAND_NOT_EXECUTABLE,
       "Failed to execute '/a': the library '/b' that it needs is not in the image"},
      {QUILT_COMMAND_FAILED, QUILT_ERROR_COMMAND_NOT_EXECUTABLE,
       "Failed to execute '/a': Argument list too long"},
  };

  for (const auto &c : cases) {
    QuiltReport report =
        make (QUILT_REPORT_COMMAND_BAD, "/a", c.problem == QUILT_COMMAND_NOT_FOUND ? "" : "/b");
    int code;

    report.problem = (guint8)c.problem;
    report.error = E2BIG;
    EXPECT_EQ (words (report, &code), c.text);
    EXPECT_EQ (code, c.code);
    report.step = 2;
    EXPECT_EQ (words (report, &code), std::string ("Setup step 2: ") + c.text);
    EXPECT_EQ (code, QUILT_ERROR_SETUP_FAILED);
  }
}

TEST (ReportTest, StepsSayHowTheyEnded)
{
  QuiltReport report = make (QUILT_REPORT_STEP_FAILED);

  report.step = 3;
  report.status = 7 << 8;
  EXPECT_EQ (words (report), "Setup step 3 failed with exit code 7");
  report.status = 9;
  EXPECT_EQ (words (report), "Setup step 3 was killed by signal 9 (Killed)");
  report.timed_out = 1;
  EXPECT_EQ (words (report), "Setup step 3 did not end within its timeout and was killed");
}

TEST (ReportTest, WordsAreUtf8WhateverTheImageHolds)
{
  QuiltReport report = make (QUILT_REPORT_COMMAND_BAD, "/bin/\xff\xfe", "\xc3");

  report.problem = QUILT_COMMAND_DANGLING;
  EXPECT_TRUE (g_utf8_validate (words (report).c_str (), -1, nullptr));
}

TEST (ReportTest, NonsenseIsRefused)
{
  QuiltReport good = make (QUILT_REPORT_READY), got = make (QUILT_REPORT_EXEC);
  int fds[2];

  ASSERT_EQ (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
  ASSERT_TRUE (quilt_report_send (fds[0], &good));
  EXPECT_EQ (quilt_report_receive (fds[1], &got), 1);
  EXPECT_EQ (got.type, QUILT_REPORT_READY);
  for (int i = 0; i < 7; i++) {
    QuiltReport bad = good;
    size_t size = sizeof bad;

    got.type = 99;
    switch (i) {
    case 0:
      bad.type = 0;
      break;
    case 1:
      bad.type = 200;
      break;
    case 2:
      bad.stage = QUILT_N_STAGES;
      break;
    case 3:
      bad.problem = QUILT_N_COMMAND_PROBLEMS;
      break;
    case 4:
      memset (bad.object, 'x', sizeof bad.object);
      break;
    case 5:
      memset (bad.detail, 'x', sizeof bad.detail);
      break;
    default:
      size--;
    }
    ASSERT_EQ (send (fds[0], &bad, size, 0), (ssize_t)size);
    EXPECT_EQ (quilt_report_receive (fds[1], &got), -1) << i;
    EXPECT_EQ (errno, EBADMSG);
    EXPECT_EQ (got.type, 99);
  }
  /* A last word is heard though our own was never read. */
  ASSERT_EQ (send (fds[1], "", 1, 0), 1);
  ASSERT_TRUE (quilt_report_send (fds[0], &good));
  quilt_fd_clear (&fds[0]);
  EXPECT_EQ (quilt_report_receive (fds[1], &got), 1);
  EXPECT_EQ (quilt_report_receive (fds[1], &got), 0);
  quilt_fd_clear (&fds[1]);
}
