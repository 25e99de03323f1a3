// SPDX-License-Identifier: LGPL-2.1-or-later
// The keys that leave a container's terminal: byte by byte, and nothing that was typed is lost.
#include <gtest/gtest.h>

#include <string>

extern "C" {
#include "ctl/streams/detach-keys.h"
}

namespace
{

QuiltDetachKeys
parse (const char *text)
{
  QuiltDetachKeys keys = {};

  EXPECT_TRUE (quilt_detach_keys_parse (text, &keys, nullptr)) << text;
  return keys;
}

/* Types the text at once, or byte by byte, and returns what is passed on, with "!" if the keys were
 * found. */
std::string
type (QuiltDetachKeys keys, const std::string &text, size_t step)
{
  char passed[64];
  std::string all;

  for (size_t at = 0; at < text.size (); at += step) {
    gsize length;
    bool found = quilt_detach_keys_find (&keys, text.data () + at,
                                         std::min (step, text.size () - at), passed, &length);

    all.append (passed, length);
    if (found)
      return all + "!";
  }
  return all;
}

TEST (DetachKeys, AreFoundHoweverTheyArrive)
{
  const struct {
    const char *keys, *typed, *passed;
  } cases[] = {
      {"ctrl-p,ctrl-q", "abc", "abc"},
      {"ctrl-p,ctrl-q", "ab\x10\x11z", "ab!"},
      {"ctrl-p,ctrl-q",
       "\x10"
       "a\x11",
       "\x10"
       "a\x11"},
      {"ctrl-p,ctrl-q", "\x10\x10\x11", "\x10!"},
      {"a,a,b", "aaab", "a!"},
      {"a,b,a,c", "ababac", "ab!"},
      {"ctrl-]", "x\x1dy", "x!"},
      {"ctrl-@,x", "ab", "ab"},
  };

  for (const auto &c : cases)
    for (size_t step : {1, 2, 64})
      EXPECT_EQ (type (parse (c.keys), c.typed, step), c.passed) << c.keys << " " << step;
}

TEST (DetachKeys, PassesEverythingOnWithoutKeys)
{
  EXPECT_EQ (type (parse (""), "\x10\x11", 64), "\x10\x11");
}

TEST (DetachKeys, OthersAreRefused)
{
  QuiltDetachKeys keys;

  for (const char *text : {"ctrl-", "ctrl-pp", "ab", "ctrl-1", "a,,b", "a b", "\x01",
                           "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a"}) {
    GError *error = nullptr;

    EXPECT_FALSE (quilt_detach_keys_parse (text, &keys, &error)) << text;
    ASSERT_NE (error, nullptr);
    g_error_free (error);
  }
}

} // namespace
