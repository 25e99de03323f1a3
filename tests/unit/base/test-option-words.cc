/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command line's words, before GOption reads them. */
#include <gtest/gtest.h>

#include <string>
#include <vector>

extern "C" {
#include "base/option-words.h"
}

using std::string;

static const GOptionEntry entries[] = {
    {"all", 'a', 0, G_OPTION_ARG_NONE, nullptr, "", nullptr},
    {"name", 'n', 0, G_OPTION_ARG_FILENAME, nullptr, "", "NAME"},
    {},
};

/* The words behind the first, each with a comma; "!" and the message of the error. */
static string
read (std::vector<const char *> words, gboolean in_order = FALSE)
{
  const QuiltOptionSyntax syntax = {entries, in_order, nullptr, nullptr, nullptr};
  g_autoptr (GError) error = nullptr;
  string all;

  words.insert (words.begin (), "program");
  words.push_back (nullptr);
  g_autoptr (GPtrArray) array =
      quilt_option_words_new (const_cast<char **> (words.data ()), &syntax, &error);
  if (!array)
    return string ("!") + error->message;
  for (guint i = 1; array->pdata[i]; i++)
    all += string (static_cast<char *> (array->pdata[i])) + ",";
  return all;
}

TEST (OptionWordsTest, ValuesAreDivided)
{
  EXPECT_EQ (read ({"-n5", "-n", "5", "-an=5"}), "-n,5,-n,5,-a,-n,5,");
  EXPECT_EQ (read ({"--name=5", "--name", "-a"}), "--name=5,--name,-a,");
}

TEST (OptionWordsTest, FlagsTakeTrueAndFalse)
{
  EXPECT_EQ (read ({"--all=true", "-a=1", "x"}), "--all,--all,x,");
  EXPECT_EQ (read ({"--all=false", "x"}), "x,");
  EXPECT_EQ (read ({"--all=maybe"}), "!option --all is a flag: give it true, false or no value");
  EXPECT_EQ (read ({"--all", "--all=false"}), "!option --all is given as true and as false");
}

TEST (OptionWordsTest, LeavesOtherWordsAlone)
{
  EXPECT_EQ (read ({"--", "--all=false"}), "--,--all=false,");
  EXPECT_EQ (read ({"x", "--all=false"}, TRUE), "x,--all=false,");
  EXPECT_EQ (read ({"--name", "--all=false", "-"}), "--name,--all=false,-,");
  EXPECT_EQ (read ({"--nope", "-z", "--all=false"}), "--nope,-z,");
}
