// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows of ps(1).
#include <gtest/gtest.h>
#include <string>

extern "C" {
#include "base/error.h"
#include "oci/verbs/ps-table.h"
}

static std::string
filter (const char *table, std::initializer_list<pid_t> pids)
{
  g_autoptr (GError) error = nullptr;
  g_autofree char *text = quilt_ps_table_filter (table, pids.begin (), pids.size (), &error);

  return text ? text : std::string ("error: ") + error->message;
}

TEST (PsTable, Rows)
{
  const char *table = "UID          PID    PPID CMD\n"
                      "root           1       0 init 7\n"
                      "root           7       1 sh\n"
                      "7             70       7 sleep 7\n";

  EXPECT_EQ (filter (table, {7}), "UID          PID    PPID CMD\nroot           7       1 sh\n");
  EXPECT_EQ (filter (table, {70, 1}), "UID          PID    PPID CMD\n"
                                      "root           1       0 init 7\n"
                                      "7             70       7 sleep 7\n");
  EXPECT_EQ (filter (table, {}), "UID          PID    PPID CMD\n");
  EXPECT_EQ (filter ("PID\n  1\n 12\n", {12}), "PID\n 12\n");
}

TEST (PsTable, NoColumnToKnowThemBy)
{
  for (const char *table : {"", "\n", "CMD\nsh\n", "PPID CMD\n1 PID\n", "PIDS\n1\n"})
    EXPECT_EQ (filter (table, {1}).rfind ("error: ", 0), 0u) << table;
}

TEST (PsTable, LeavesOutInvalidRows)
{
  EXPECT_EQ (filter ("A PID\nx\nx y\nx 1x\nx -1\nx 99999999999999999999\n\nx 1", {1}),
             "A PID\nx 1\n");
}
