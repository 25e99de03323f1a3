// SPDX-License-Identifier: LGPL-2.1-or-later
// The options of update as resources.
#include <gtest/gtest.h>
#include <string>
#include <vector>

extern "C" {
#include "base/error.h"
#include "oci/verbs/command-line.h"
#include "oci/verbs/merge.h"
}

namespace
{
QuiltOciResources *
read (std::vector<const char *> words, GError **error)
{
  g_auto (QuiltOciUpdate) update = QUILT_OCI_UPDATE_INIT;
  g_autoptr (GArray) entries = quilt_oci_update_entries (&update);
  g_autoptr (GOptionContext) context = g_option_context_new ("");
  g_autoptr (GPtrArray) left = nullptr;
  const bool given = !words.empty ();

  words.insert (words.begin (), "update");
  words.push_back (nullptr);
  left = quilt_oci_read_options ((char **)words.data (), context,
                                 (const GOptionEntry *)(gpointer)entries->data, FALSE, error);
  if (!left)
    return nullptr;
  EXPECT_EQ (quilt_oci_update_is_given (&update), given);
  return quilt_oci_update_read (&update, error);
}
} // namespace

TEST (Update, All)
{
  g_autoptr (GError) error = nullptr;
  g_autoptr (QuiltOciResources) it = read (
      {"--memory=64m", "--memory-reservation", "1048576", "--memory-swap=-1", "--cpu-period=50000",
       "--cpu-quota=25000", "--cpu-burst=10", "--cpu-share=512", "--cpu-idle=1",
       "--cpuset-cpus=0-1", "--cpuset-mems=0", "--pids-limit=-1", "--blkio-weight=500"},
      &error);

  ASSERT_NE (it, nullptr) << error->message;
  EXPECT_EQ (it->memory_limit, 64 << 20);
  EXPECT_EQ (it->memory_reservation, 1 << 20);
  EXPECT_EQ (it->memory_swap, -1);
  EXPECT_EQ (it->cpu_period, 50000);
  EXPECT_EQ (it->cpu_quota, 25000);
  EXPECT_EQ (it->cpu_burst, 10);
  EXPECT_EQ (it->cpu_shares, 512);
  EXPECT_EQ (it->cpu_idle, 1);
  EXPECT_STREQ (it->cpus, "0-1");
  EXPECT_STREQ (it->mems, "0");
  EXPECT_EQ (it->pids_limit, -1);
  EXPECT_EQ (it->io_weight, 500);
}

TEST (Update, ChangesNoOtherLimit)
{
  g_autoptr (GError) error = nullptr;
  g_autoptr (QuiltOciResources) one = read ({"--pids-limit=5"}, &error);
  g_autoptr (QuiltOciResources) none = read ({}, &error);

  ASSERT_NE (one, nullptr) << error->message;
  EXPECT_EQ (one->pids_limit, 5);
  EXPECT_EQ (one->memory_limit, QUILT_OCI_UNSET);
  EXPECT_EQ (one->cpus, nullptr);
  ASSERT_NE (none, nullptr);
  EXPECT_EQ (none->pids_limit, QUILT_OCI_UNSET);
}

TEST (Update, Refuses)
{
  const struct {
    const char *word, *name;
    int code;
  } cases[] = {
      {"--memory=64q", "--memory", QUILT_ERROR_INVALID_ARGUMENT},
      {"--memory=", "--memory", QUILT_ERROR_INVALID_ARGUMENT},
      {"--memory=infinity", "--memory", QUILT_ERROR_INVALID_ARGUMENT},
      {"--memory=99999999999999999999", "--memory", QUILT_ERROR_INVALID_ARGUMENT},
      {"--cpu-quota=1.5", "--cpu-quota", QUILT_ERROR_INVALID_ARGUMENT},
      {"--pids-limit=many", "--pids-limit", QUILT_ERROR_INVALID_ARGUMENT},
      {"--blkio-weight=9", "weight", QUILT_ERROR_INVALID_ARGUMENT},
      {"--cpu-rt-period=1000", "realtimePeriod", QUILT_ERROR_NOT_SUPPORTED},
      {"--cpu-rt-runtime=1000", "realtimeRuntime", QUILT_ERROR_NOT_SUPPORTED},
      {"--kernel-memory=1m", "kernel", QUILT_ERROR_NOT_SUPPORTED},
      {"--kernel-memory-tcp=1m", "kernelTCP", QUILT_ERROR_NOT_SUPPORTED},
  };

  for (const auto &c : cases) {
    g_autoptr (GError) error = nullptr;

    EXPECT_EQ (read ({c.word}, &error), nullptr) << c.word;
    ASSERT_NE (error, nullptr);
    EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, c.code)) << error->message;
    EXPECT_NE (strstr (error->message, c.name), nullptr) << error->message;
  }
}
