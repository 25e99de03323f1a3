// SPDX-License-Identifier: LGPL-2.1-or-later
// Log entries as lines: bytes as they are, split lines joined, terminals left alone.
#include <gtest/gtest.h>

extern "C" {
#include "base/error.h"
#include "ctl/log-format.h"
}

static QuiltLogEntry
entry (const char *stream, const std::string &message, bool partial = false)
{
  QuiltLogEntry e = {};

  e.sent_usec = G_GUINT64_CONSTANT (1795438613250000);
  e.stream = stream;
  e.name = "web";
  e.partial = partial;
  e.message = message.data ();
  e.length = message.size ();
  return e;
}

class LogFormat : public testing::Test
{
protected:
  QuiltLogFormatter formatter = {};
  GString *text = g_string_new (NULL);

  void SetUp () override
  {
    g_setenv ("TZ", "UTC", TRUE);
  }
  void TearDown () override
  {
    quilt_log_formatter_clear (&formatter);
    g_string_free (text, TRUE);
  }
  void add (const char *stream, const std::string &message, bool partial = false)
  {
    QuiltLogEntry e = entry (stream, message, partial);

    quilt_log_format (&formatter, &e, text);
  }
  std::string result ()
  {
    return std::string (text->str, text->len);
  }
};

TEST_F (LogFormat, CatIsTheBytes)
{
  formatter.format = QUILT_LOG_CAT;
  formatter.for_terminal = TRUE;
  add ("stdout", std::string ("a\0\033[31m\xff", 8));
  add ("stdout", "par", true);
  add ("stdout", "tial");
  EXPECT_EQ (result (), std::string ("a\0\033[31m\xff\n", 9) + "partial\n");
}

TEST_F (LogFormat, ShortHasTimeAndName)
{
  add ("stdout", "hello\tthere");
  EXPECT_EQ (result (), "Nov 23 12:56:53 web: hello\tthere\n");
}

// Fault 29.
TEST_F (LogFormat, ChoosesThePrefixOfALine)
{
  formatter.format = QUILT_LOG_SHORT_ISO;
  formatter.without_name = TRUE;
  add ("stdout", "x");
  formatter.without_name = FALSE;
  formatter.without_time = TRUE;
  add ("stdout", "y");
  EXPECT_EQ (result (), "2026-11-23T12:56:53+0000 x\nweb: y\n");
}

TEST_F (LogFormat, OtherTimes)
{
  formatter.format = QUILT_LOG_SHORT_ISO;
  add ("stdout", "x");
  formatter.format = QUILT_LOG_SHORT_PRECISE;
  add ("stdout", "y");
  EXPECT_EQ (result (), "2026-11-23T12:56:53+0000 web: x\nNov 23 12:56:53.250000 web: y\n");
}

TEST_F (LogFormat, StepIsNamed)
{
  const std::string message = "x";
  QuiltLogEntry e = entry ("stderr", message);

  e.step = 2;
  quilt_log_format (&formatter, &e, text);
  EXPECT_EQ (result (), "Nov 23 12:56:53 web[setup 2]: x\n");
}

TEST_F (LogFormat, SplitLinesAreJoinedByStream)
{
  add ("stdout", "one", true);
  add ("stderr", "uno", true);
  add ("stdout", "two");
  add ("stderr", "dos");
  EXPECT_EQ (result (), "Nov 23 12:56:53 web: onetwo\nNov 23 12:56:53 web: unodos\n");
}

TEST_F (LogFormat, AnEndlessLineIsPrintedInPieces)
{
  std::string piece (48 * 1024, 'x');
  gsize n = 0;

  for (; text->len == 0 && n < 1000; n++)
    add ("stdout", piece, true);
  EXPECT_LT (n, 30u);
}

TEST_F (LogFormat, ATerminalIsLeftAlone)
{
  formatter.for_terminal = TRUE;
  add ("stdout", "\033[2J\xff\ttab");
  EXPECT_EQ (result (), "Nov 23 12:56:53 web: \\x1b[2J\\xff\ttab\n");
}

TEST (LogFormatNames, GoodAndBad)
{
  g_autoptr (GError) error = NULL;
  QuiltLogFormat format = QUILT_LOG_SHORT;

  EXPECT_TRUE (quilt_log_format_parse ("short-iso", &format, NULL));
  EXPECT_EQ (format, QUILT_LOG_SHORT_ISO);
  EXPECT_FALSE (quilt_log_format_parse ("nope", &format, &error));
  EXPECT_EQ (format, QUILT_LOG_SHORT_ISO);
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT));
}
