/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strange bytes as printable text. */
#include "check.h"

extern "C" {
#include "base/text.h"
}

TEST (Text, IsPrintable)
{
  const struct {
    std::string bytes, text;
  } cases[] = {
      {"", ""},
      {"plain text", "plain text"},
      {"été 😀", "été 😀"},
      {"a\nb\tc\r", "a\\x0ab\\x09c\\x0d"},
      {"\x1b[31mred", "\\x1b[31mred"},
      {"\x7f", "\\x7f"},
      {"\xff\xc3", "\\xff\\xc3"},
      {std::string ("a\0b", 3), "a\\x00b"},
      {"\xc2\x9b"
       "31m",
       "\\xc2\\x9b31m"}, /* the C1 control CSI */
      {"a\xe2\x80\xae"
       "b",
       "a\\xe2\\x80\\xae"
       "b"},                               /* right-to-left override */
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* a surrogate */
  };

  for (const auto &c : cases)
    EXPECT_EQ (take (quilt_text_printable (c.bytes.data (), (gssize)c.bytes.size (), 1000)),
               c.text);
}

TEST (Text, IsCutBetweenCharacters)
{
  EXPECT_EQ (take (quilt_text_printable ("abcdef", -1, 6)), "abcdef");
  EXPECT_EQ (take (quilt_text_printable ("abcdefg", -1, 6)), "abcdef…");
  EXPECT_EQ (take (quilt_text_printable ("ééé", -1, 3)), "éé…");
  EXPECT_LT (take (quilt_text_quote (std::string (100000, 'x').c_str ())).size (), 100u);
}

TEST (Text, DistanceCountsLetters)
{
  EXPECT_EQ (quilt_text_distance ("", ""), 0u);
  EXPECT_EQ (quilt_text_distance ("cargo", "cargo"), 0u);
  EXPECT_EQ (quilt_text_distance ("carg", "cargo"), 1u);
  EXPECT_EQ (quilt_text_distance ("cagro", "cargo"), 2u);
  EXPECT_EQ (quilt_text_distance ("abc", ""), 3u);
  EXPECT_EQ (quilt_text_distance ("", "abc"), 3u);
  EXPECT_EQ (quilt_text_distance (std::string (50, 'x').c_str (), "x"), 49u);
}
