/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of the journal as lines of JSON. */
#include "base/check.h"

extern "C" {
#include "journal/log-stream.h"
}

#include <fcntl.h>
#include <unistd.h>

class LogStream : public testing::Test
{
protected:
  void SetUp () override
  {
    int ends[2];

    ASSERT_EQ (pipe2 (ends, O_CLOEXEC), 0);
    output = ends[1];
    stream = quilt_log_stream_new (ends[0], TRUE);
  }

  void TearDown () override
  {
    quilt_log_stream_free (stream);
    finish ();
  }

  void finish ()
  {
    if (output >= 0)
      close (output);
    output = -1;
  }

  void put (const std::string &text)
  {
    ASSERT_EQ (write (output, text.data (), text.size ()), (ssize_t)text.size ());
  }

  std::string get (const char *field)
  {
    gsize length = 0;
    const char *value = quilt_log_stream_get (stream, field, &length);

    return value ? std::string (value, length) : "NULL";
  }

  int output = -1;
  QuiltLogStream *stream = nullptr;
};

/* Fault 27. */
TEST_F (LogStream, AnEntryIsReadOnceItIsWhole)
{
  EXPECT_EQ (quilt_log_stream_next (stream, nullptr), 0);
  put ("{\"MESSAGE\":\"one\",\"QUILT_");
  EXPECT_EQ (quilt_log_stream_next (stream, nullptr), 0);
  put ("STREAM\":\"stdout\"}\n{\"MESSAGE\":[116,255,0]}\n");
  ASSERT_EQ (quilt_log_stream_next (stream, nullptr), 1);
  EXPECT_EQ (get ("MESSAGE"), "one");
  EXPECT_EQ (get ("QUILT_STREAM"), "stdout");
  EXPECT_EQ (get ("QUILT_STEP"), "NULL");
  ASSERT_EQ (quilt_log_stream_next (stream, nullptr), 1);
  EXPECT_EQ (get ("MESSAGE"), std::string ("t\xff\0", 3)) << "bytes that are not text";
  EXPECT_EQ (quilt_log_stream_next (stream, nullptr), 0);
  EXPECT_FALSE (quilt_log_stream_is_at_end (stream));
  finish ();
  EXPECT_EQ (quilt_log_stream_next (stream, nullptr), 0);
  EXPECT_TRUE (quilt_log_stream_is_at_end (stream));
}

TEST_F (LogStream, NonsenseIsAnError)
{
  g_autoptr (GError) error = nullptr;

  put ("nonsense\n");
  EXPECT_EQ (quilt_log_stream_next (stream, &error), -1);
  EXPECT_NE (error, nullptr);
}

TEST_F (LogStream, AnEntryHasALimit)
{
  g_autoptr (GError) error = nullptr;
  const std::string text (4096, 'x');
  int r = 0;

  for (int i = 0; i < 1024 && r == 0; i++) {
    put (text);
    r = quilt_log_stream_next (stream, &error);
  }
  EXPECT_EQ (r, -1);
}
