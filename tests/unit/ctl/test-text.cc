// SPDX-License-Identifier: LGPL-2.1-or-later
// Values as people read them, and what strangers' strings may not do to a terminal.
#include <gtest/gtest.h>

extern "C" {
#include "ctl/print.h"
#include "ctl/progress.h"
#include "ctl/text.h"
#include "spec/options/options.h"
#include "spec/quantities.h"
}

static std::string
take (char *text)
{
  std::string copy = text;

  g_free (text);
  return copy;
}

TEST (Text, LineHoldsNoControlCharacters)
{
  EXPECT_EQ (take (quilt_text_line ("plain ünï")), "plain ünï");
  EXPECT_EQ (take (quilt_text_line ("\033[31mred\nnext\t")), "\\x1b[31mred\\x0anext\\x09");
  EXPECT_EQ (take (quilt_text_line ("\xff\xc2\x9b")), "\\xff\\xc2\\x9b");
  EXPECT_EQ (take (quilt_text_line ("a\xe2\x80\xae"
                                    "b")),
             "a\\xe2\\x80\\xae"
             "b");
}

TEST (Text, WidthCountsColumns)
{
  EXPECT_EQ (quilt_text_width (""), 0u);
  EXPECT_EQ (quilt_text_width ("abc"), 3u);
  EXPECT_EQ (quilt_text_width ("日本"), 4u);
  EXPECT_EQ (quilt_text_width ("e\xcc\x81"), 1u);
}

TEST (Text, EllipsizeCutsAtColumns)
{
  EXPECT_EQ (take (quilt_text_ellipsize ("abcdef", 6)), "abcdef");
  EXPECT_EQ (take (quilt_text_ellipsize ("abcdef", 4)), "abc…");
  EXPECT_EQ (take (quilt_text_ellipsize ("日本語", 5)), "日本…");
  EXPECT_EQ (take (quilt_text_ellipsize ("日本語", 4)), "日…");
  EXPECT_EQ (take (quilt_text_ellipsize ("abc", 1)), "…");
}

TEST (Text, Ago)
{
  const guint64 now = G_GUINT64_CONSTANT (1700000000000000), second = 1000000;

  EXPECT_EQ (take (quilt_text_ago (0, now)), "-");
  EXPECT_EQ (take (quilt_text_ago (now, now)), "now");
  EXPECT_EQ (take (quilt_text_ago (now + second, now)), "now");
  EXPECT_EQ (take (quilt_text_ago (now - 59 * second, now)), "59s ago");
  EXPECT_EQ (take (quilt_text_ago (now - 60 * second, now)), "1min ago");
  EXPECT_EQ (take (quilt_text_ago (now - 25 * 3600 * second, now)), "1 day ago");
  EXPECT_EQ (take (quilt_text_ago (now - 15 * 86400 * second, now)), "2 weeks ago");
}

TEST (Text, Quantities)
{
  EXPECT_EQ (take (quilt_text_bytes (0)), "0B");
  EXPECT_EQ (take (quilt_text_bytes (1023)), "1023B");
  EXPECT_EQ (take (quilt_text_bytes (1536)), "1.5K");
  EXPECT_EQ (take (quilt_text_bytes (G_GUINT64_CONSTANT (128) << 20)), "128M");
  EXPECT_EQ (take (quilt_text_bytes (QUILT_INFINITY)), "infinity");
  EXPECT_EQ (take (quilt_text_duration (0)), "0");
  EXPECT_EQ (take (quilt_text_duration (90500000)), "1min 30s 500ms");
  EXPECT_EQ (take (quilt_text_duration (QUILT_INFINITY)), "infinity");
  EXPECT_EQ (take (quilt_text_cpus (1500000)), "1.5");
  EXPECT_EQ (take (quilt_text_cpus (QUILT_INFINITY)), "infinity");
}

TEST (Text, ShortId)
{
  EXPECT_EQ (take (quilt_text_short_id ("0123456789abcdef0123456789abcdef")), "0123456789ab");
  EXPECT_EQ (take (quilt_text_short_id ("sha256:aabbccddeeff00112233")), "aabbccddeeff");
  EXPECT_EQ (take (quilt_text_short_id ("busybox")), "busybox");
  EXPECT_EQ (take (quilt_text_short_id ("sha256:not-hex")), "sha256:not-hex");
}

TEST (Text, JsonKeepsItsMeaningAndMovesNoTerminal)
{
  EXPECT_EQ (take (quilt_text_json_printable ("{\"a\":\n\"ü\"}")), "{\"a\":\n\"ü\"}");
  EXPECT_EQ (take (quilt_text_json_printable ("\"\xc2\x9b"
                                              "31m\"")),
             "\"\\u009b31m\"");
  EXPECT_EQ (take (quilt_text_json_printable ("\"\x7f\"")), "\"\\u007f\"");
  EXPECT_EQ (take (quilt_text_json_printable ("\"\xff\"")), "\"\\ufffd\"");
}

TEST (Print, JsonKeys)
{
  EXPECT_EQ (take (quilt_json_key ("State")), "state");
  EXPECT_EQ (take (quilt_json_key ("ExitCode")), "exitCode");
  EXPECT_EQ (take (quilt_json_key ("CPUQuota")), "cpuQuota");
  EXPECT_EQ (take (quilt_json_key ("Id")), "id");
}

TEST (Print, VariantsAsJson)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_parsed (
      "{'PidsMax': <uint64 18446744073709551615>, 'Names': <['a', 'b']>, 'ExitCode': <-1>,"
      " 'ReadOnly': <true>}"));
  g_autoptr (json_object) object = quilt_json_new_variant (value);

  EXPECT_EQ (take (quilt_json_print (object, FALSE)),
             "{\"pidsMax\":18446744073709551615,\"names\":[\"a\",\"b\"],\"exitCode\":-1,"
             "\"readOnly\":true}");
}

TEST (Progress, Line)
{
  QuiltProgress progress = {};

  progress.fraction = -1;
  progress.bytes = 1 << 20;
  EXPECT_EQ (take (quilt_progress_line (&progress, 0)), "Importing 1M");
  progress.fraction = 0.5;
  progress.rate = 512 << 10;
  progress.end_usec = 2500000;
  EXPECT_EQ (take (quilt_progress_line (&progress, 0)),
             "Importing [############............]  50% 1M, 512K/s, 3s left");
}
