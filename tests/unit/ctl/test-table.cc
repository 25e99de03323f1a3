// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows in columns.
#include <gtest/gtest.h>

extern "C" {
#include "ctl/table.h"
}

static const char *const columns[] = {"NAME", "STATE", "COMMAND", NULL};

static std::string
render (QuiltTable *table, gboolean legend, guint width)
{
  g_autofree char *text = quilt_table_render (table, legend, width);

  return text;
}

TEST (Table, Empty)
{
  g_autoptr (QuiltTable) table = quilt_table_new (columns);

  EXPECT_EQ (render (table, TRUE, 0), "NAME  STATE  COMMAND\n");
  EXPECT_EQ (render (table, FALSE, 0), "");
}

TEST (Table, AlignsByColumnsNotBytes)
{
  g_autoptr (QuiltTable) table = quilt_table_new (columns);

  for (const char *cell : {"日本", "x", "one", "plain-name", "running", ""})
    quilt_table_add (table, cell);
  EXPECT_EQ (render (table, TRUE, 0), "NAME        STATE    COMMAND\n"
                                      "日本        x        one\n"
                                      "plain-name  running  -\n");
}

// Fault 31.
TEST (Table, TheWidestColumnsAreCutToTheTerminal)
{
  g_autoptr (QuiltTable) table = quilt_table_new (columns);

  for (const char *cell : {"a-name-of-20-letters", "b", "0123456789abcdef"})
    quilt_table_add (table, cell);
  EXPECT_EQ (render (table, FALSE, 41), "a-name-of-20-letters  b  0123456789abcdef\n");
  EXPECT_EQ (render (table, FALSE, 38), "a-name-of-20-let…  b  0123456789abcdef\n");
  EXPECT_EQ (render (table, FALSE, 29), "a-name-of-2…  b  0123456789a…\n");
  EXPECT_EQ (render (table, FALSE, 1), "a-name-…  b  0123456…\n");
}

TEST (Table, LastColumnIsCutToTheTerminal)
{
  g_autoptr (QuiltTable) table = quilt_table_new (columns);

  for (const char *cell : {"a", "b", "0123456789abcdef"})
    quilt_table_add (table, cell);
  EXPECT_EQ (render (table, FALSE, 16), "a  b  012345678…\n");
  EXPECT_EQ (render (table, FALSE, 1), "a  b  0123456…\n");
}

TEST (Table, EscapesWhatStrangersWrote)
{
  g_autoptr (QuiltTable) table = quilt_table_new (columns);

  for (const char *cell : {"a\033[2J", "b\n", "\xff"})
    quilt_table_add (table, cell);
  EXPECT_EQ (render (table, FALSE, 0), "a\\x1b[2J  b\\x0a  \\xff\n");
}
