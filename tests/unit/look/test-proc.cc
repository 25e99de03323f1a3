/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a process in /proc, whose name and arguments are its own words. */
#include "base/check.h"

extern "C" {
#include "look/host-process.h"
#include "spec/id-map.h"
}

static std::string
make_stat (const std::string &name)
{
  return "42 (" + name +
         ") S 7 42 42 34816 42 4194304 100 0 0 0 25 5 0 0 20 0 3 0 123456 8192 64 "
         "18446744073709551615 0 0 0 0 0 0 0\n";
}

TEST (Proc, ANameCanNotForgeTheFieldsBehindIt)
{
  for (const std::string &name :
       {std::string ("sh"), std::string (") R 1 1"), std::string ("a\nb (c) "),
        std::string ("\xff)"), std::string ("")}) {
    QuiltProcStat stat = {};

    ASSERT_TRUE (quilt_proc_parse_stat (make_stat (name).c_str (), &stat)) << name;
    EXPECT_EQ (stat.name, name);
    EXPECT_EQ (stat.state, 'S');
    EXPECT_EQ (stat.parent, 7);
    EXPECT_EQ (stat.threads, 3u);
    EXPECT_EQ (stat.cpu_ticks, 30u);
    EXPECT_EQ (stat.start_ticks, 123456u);
    EXPECT_EQ (stat.memory_pages, 64u);
  }
}

TEST (Proc, ALongNameIsCut)
{
  QuiltProcStat stat = {};

  ASSERT_TRUE (quilt_proc_parse_stat (make_stat (std::string (1000, 'x')).c_str (), &stat));
  EXPECT_EQ (stat.name, std::string (QUILT_PROC_NAME_MAX - 1, 'x'));
}

TEST (Proc, TextsThatAreNoStatAreRefused)
{
  for (const char *text :
       {"", "42", "42 (sh)", "42 (sh) S", "42 )sh( S 1 2", "42 (sh) SS 1 2",
        "42 (sh) S 7 42 42 34816 42 4194304 100 0 0 0 25 5 0 0 20 0 3 0 x 8192 64 "
        "1 0",
        "42 (sh) S 7 42 42 34816 42 4194304 100 0 0 0 25 5 0 0 20 0 3 0 1 8192 64"}) {
    QuiltProcStat stat = {};

    stat.parent = 99;
    EXPECT_FALSE (quilt_proc_parse_stat (text, &stat)) << text;
    EXPECT_EQ (stat.parent, 99);
  }
}

TEST (Proc, StatusHasTheEffectiveUserAndAPidOfEachLevel)
{
  const std::string groups (700000, '1');
  /* The kernel escapes the newline of a name here. */
  const std::string text = "Name:\tx\\nUid:\t0\t0\t0\t0\nUmask:\t0022\nUid:\t1000\t524288\t3\t4\n"
                           "Groups:\t" +
                           groups + "\nNStgid:\t900\t1\nNSpid:\t900\t17\t1\nNSpgid:\t900\n";
  QuiltProcStatus status = {};

  ASSERT_TRUE (quilt_proc_parse_status (text.c_str (), &status));
  EXPECT_EQ (status.uid, 524288u);
  ASSERT_EQ (status.n_pids, 3u);
  EXPECT_EQ (status.pids[0], 900);
  EXPECT_EQ (status.pids[1], 17);
  EXPECT_EQ (status.pids[2], 1);
  for (const char *bad : {"", "Uid:\t1\t2\t3\t4\n", "NSpid:\t1\n", "Uid:\t1\nNSpid:\t1\n",
                          "Uid:\t1\tx\t3\t4\nNSpid:\t1\n", "Uid:\t1\t2\t3\t4\nNSpid:\t\n",
                          "Uid:\t1\t2\t3\t4\nNSpid:\t1\t-2\n"}) {
    status.uid = 99;
    EXPECT_FALSE (quilt_proc_parse_status (bad, &status)) << bad;
    EXPECT_EQ (status.uid, 99u);
  }
}

static std::string
split (const std::string &bytes, guint max, gboolean *ret_cut)
{
  g_auto (GStrv) args = quilt_proc_split_command (bytes.data (), bytes.size (), max, ret_cut);

  return join (args);
}

TEST (Proc, CommandsAreSplitAndBounded)
{
  using namespace std::string_literals;
  gboolean cut = TRUE;

  EXPECT_EQ (split ("sh\0-c\0echo a\nb\0"s, 10, &cut), "sh|-c|echo a\nb|");
  EXPECT_FALSE (cut);
  EXPECT_EQ (split ("no end"s, 10, &cut), "no end|");
  EXPECT_EQ (split ("a\0\0b\0"s, 10, &cut), "a||b|");
  EXPECT_EQ (split ("title\0\0\0\0\0"s, 10, &cut), "title|");
  EXPECT_FALSE (cut);
  EXPECT_EQ (split (""s, 10, &cut), "");
  EXPECT_EQ (split ("\0\0\0"s, 10, &cut), "");
  EXPECT_FALSE (cut);
  EXPECT_EQ (split ("a\0b\0c\0"s, 3, &cut), "a|b|c|");
  EXPECT_FALSE (cut);
  EXPECT_EQ (split ("a\0b\0c\0d\0"s, 3, &cut), "a|b|c|");
  EXPECT_TRUE (cut);
}

/* The largest row that a process can have. */
TEST (Process, ARowHasAtMost4KiB)
{
  using namespace std::string_literals;
  const std::string forms[] = {std::string (QUILT_HOST_PROCESS_COMMAND_MAX, '\xff'), ""s};
  QuiltProcessView view = {};

  for (std::string form : forms) {
    g_autoptr (QuiltHostProcess) process = g_new0 (QuiltHostProcess, 1);
    g_autoptr (GVariant) row = nullptr;

    for (gsize i = 0; form.size () < QUILT_HOST_PROCESS_COMMAND_MAX; i++)
      form += "x\0"s;
    process->command = quilt_proc_split_command (
        form.data (), form.size (), QUILT_HOST_PROCESS_ARGS_MAX, &process->command_cut);
    memset (process->stat.name, 'n', sizeof process->stat.name - 1);
    process->status.n_pids = 1;
    view.level_known = TRUE;
    row = g_variant_ref_sink (quilt_host_process_to_row (process, &view));
    EXPECT_LE (g_variant_get_size (row), 4096u);
    EXPECT_GT (g_variant_get_size (row), 1024u);
  }
}

TEST (Process, IdsInsideAreThoseOfTheContainer)
{
  g_autoptr (GArray) map = quilt_id_map_new_range (524288);
  g_autoptr (QuiltHostProcess) process = g_new0 (QuiltHostProcess, 1);
  QuiltProcessView view = {map, 1, TRUE};
  const struct {
    guint32 host, inside;
    gboolean known;
  } uids[] = {{524288, 0, TRUE}, {525288, 1000, TRUE}, {0, 0, FALSE}, {589824, 0, FALSE}};

  process->status.n_pids = 2;
  process->status.pids[1] = 17;
  for (const auto &uid : uids) {
    g_autoptr (GVariant) row = nullptr;
    guint32 found = 0, pid = 0;

    process->status.uid = uid.host;
    row = g_variant_ref_sink (quilt_host_process_to_row (process, &view));
    EXPECT_EQ (g_variant_lookup (row, "uid", "u", &found), uid.known) << uid.host;
    EXPECT_EQ (found, uid.inside);
    EXPECT_TRUE (g_variant_lookup (row, "host-uid", "u", &found));
    EXPECT_EQ (found, uid.host);
    EXPECT_TRUE (g_variant_lookup (row, "pid", "u", &pid));
    EXPECT_EQ (pid, 17u);
  }
  view.level = 2; /* such as a helper outside that is about to join */
  g_autoptr (GVariant) outside = g_variant_ref_sink (quilt_host_process_to_row (process, &view));
  EXPECT_FALSE (g_variant_lookup (outside, "pid", "u", nullptr));
}
