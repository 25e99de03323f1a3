/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd.conf and its drop-ins. */
#include "base/check.h"

extern "C" {
#include "base/file.h"
#include "daemon/config.h"
#include "spec/options/options.h"
#include "spec/quantities.h"
}

#include <fcntl.h>
#include <glib/gstdio.h>
#include <regex>
#include <syslog.h>
#include <unistd.h>

namespace
{

class Config : public testing::Test
{
protected:
  void SetUp () override
  {
    ASSERT_NE (g_mkdtemp (root), nullptr);
  }

  void TearDown () override
  {
    int tmp = open ("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    EXPECT_TRUE (quilt_tree_remove (tmp, root + strlen ("/tmp/"), nullptr));
    close (tmp);
  }

  void write (const char *name, const std::string &text)
  {
    std::string path = std::string (root) + "/" + name;
    g_autofree char *directory = g_path_get_dirname (path.c_str ());

    g_mkdir_with_parents (directory, 0700);
    ASSERT_TRUE (g_file_set_contents (path.c_str (), text.c_str (), -1, nullptr));
  }

  QuiltConfig *load (GError **error = nullptr)
  {
    std::string usr = std::string (root) + "/usr", etc = std::string (root) + "/etc";
    const char *directories[] = {usr.c_str (), etc.c_str (), nullptr};

    return quilt_config_load (directories, error);
  }

  char root[32] = "/tmp/quilt-test-XXXXXX";
};

/* But for the number of processes: one without a limit takes the host down. */
TEST_F (Config, NoFileAtAllGivesTheDefaultsOfAContainer)
{
  g_autoptr (QuiltConfig) config = load ();
  g_autoptr (QuiltOptions) options = quilt_options_new ();

  ASSERT_NE (config, nullptr);
  EXPECT_EQ (config->defaults.stop_timeout_usec, options->stop_timeout_usec);
  EXPECT_EQ (config->defaults.memory_max, options->memory_max);
  EXPECT_EQ (config->defaults.cpu_quota_usec, options->cpu_quota_usec);
  EXPECT_EQ (config->defaults.pids.max, 2048u);
}

/* The file that is installed says what the defaults are, by lines such as "#LogLevel=info". */
TEST_F (Config, TheInstalledFileNamesEveryKeyWithItsDefault)
{
  std::string path = std::string (g_getenv ("QUILT_SOURCE")) + "/data/quiltd.conf";
  g_autofree char *text = nullptr;
  g_autoptr (QuiltConfig) commented = nullptr, uncommented = nullptr;
  Error error;

  ASSERT_TRUE (g_file_get_contents (path.c_str (), &text, nullptr, nullptr));
  write ("etc/quiltd.conf", text);
  commented = load (error.out ());
  ASSERT_NE (commented, nullptr) << error.message ();
  write ("etc/quiltd.conf", std::regex_replace (text, std::regex ("\n#([A-Z])(\\w*)="), "\n$1$2="));
  uncommented = load (error.out ());
  ASSERT_NE (uncommented, nullptr) << error.message ();
  EXPECT_FALSE (commented->defaults.pids.is_set);
  EXPECT_TRUE (uncommented->defaults.pids.is_set);
  commented->defaults.pids.is_set = TRUE;
  EXPECT_FALSE (commented->setup_limits.is_set);
  EXPECT_TRUE (uncommented->setup_limits.is_set);
  commented->setup_limits.is_set = TRUE;
  EXPECT_EQ (memcmp (commented, uncommented, sizeof *commented), 0);

  for (const char *key : {"LogLevel", "MaxPendingPerUser", "DefaultStopTimeout", "DefaultMemoryMax",
                          "DefaultCPUQuota", "DefaultPidsMax", "StrictLimits", "ImportMaxBytes",
                          "ImportMaxEntries", "SetupCacheMaxBytes", "SetupCacheTimeoutSec",
                          "JournalShare", "JournalInterval", "ExitIdleSec", "WarmStarts"})
    EXPECT_NE (std::string (text).find (std::string ("\n#") + key + "="), std::string::npos) << key;
}

TEST_F (Config, EveryKeyIsRead)
{
  g_autoptr (QuiltConfig) config = nullptr;
  Error error;

  write ("etc/quiltd.conf",
         "[Manager]\nLogLevel=debug\nMaxPendingPerUser=7\nDefaultStopTimeout=3s\n"
         "DefaultMemoryMax=64M\nDefaultCPUQuota=50%\nDefaultPidsMax=33\n"
         "StrictLimits=yes\nImportMaxBytes=1G\nImportMaxEntries=infinity\n"
         "SetupCacheMaxBytes=0\nSetupCacheTimeoutSec=2min\n"
         "JournalShare=500M\nJournalInterval=1d\nExitIdleSec=30s\nWarmStarts=8\n");
  config = load (error.out ());
  ASSERT_NE (config, nullptr) << error.message ();
  EXPECT_EQ (config->log_level, LOG_DEBUG);
  EXPECT_EQ (config->max_pending_per_user, 7u);
  EXPECT_EQ (config->defaults.stop_timeout_usec, 3000000u);
  EXPECT_EQ (config->defaults.memory_max, 64u << 20);
  EXPECT_EQ (config->defaults.cpu_quota_usec, 500000u);
  EXPECT_EQ (config->defaults.pids.max, 33u);
  EXPECT_TRUE (config->defaults.strict_limits);
  EXPECT_EQ (config->import_limits.max_bytes, 1u << 30);
  EXPECT_EQ (config->import_limits.max_entries, QUILT_INFINITY);
  EXPECT_TRUE (config->setup_limits.is_set);
  EXPECT_EQ (config->setup_limits.max_bytes, 0u);
  EXPECT_EQ (config->setup_limits.timeout_usec, 120 * (guint64)G_USEC_PER_SEC);
  EXPECT_EQ (config->journal_share.percent, 0u);
  EXPECT_EQ (config->journal_share.bytes, 500u << 20);
  EXPECT_EQ (config->journal_share.interval_usec, 24 * 3600 * (guint64)G_USEC_PER_SEC);
  EXPECT_EQ (config->exit_idle_usec, 30 * (guint64)G_USEC_PER_SEC);
  EXPECT_EQ (config->warm_starts, 8u);
}

TEST_F (Config, DropInsOverrideByNameAndDirectoriesByRank)
{
  g_autoptr (QuiltConfig) config = nullptr;

  write ("usr/quiltd.conf", "[Manager]\nMaxPendingPerUser=1\nDefaultPidsMax=1\n");
  write ("etc/quiltd.conf", "[Manager]\nMaxPendingPerUser=2\n"); /* in the place of the other */
  write ("usr/quiltd.conf.d/20-b.conf", "[Manager]\nImportMaxEntries=3\nMaxPendingPerUser=3\n");
  write ("etc/quiltd.conf.d/10-a.conf", "[Manager]\nMaxPendingPerUser=4\nDefaultMemoryMax=4\n");
  write ("usr/quiltd.conf.d/30-c.conf", "[Manager]\nMaxPendingPerUser=5\n");
  write ("etc/quiltd.conf.d/30-c.conf", ""); /* masks it */
  write ("etc/quiltd.conf.d/40-d.conf~", "nonsense");
  write ("etc/quiltd.conf.d/.40-d.conf", "nonsense");
  config = load ();
  ASSERT_NE (config, nullptr);
  EXPECT_EQ (config->max_pending_per_user, 3u);
  EXPECT_EQ (config->import_limits.max_entries, 3u);
  EXPECT_EQ (config->defaults.memory_max, 4u);
  EXPECT_NE (config->defaults.pids.max, 1u);
}

TEST_F (Config, ErrorsNameTheSettingAndItsFile)
{
  const struct {
    const char *text, *complaint;
  } cases[] = {
      {"[Manager]\nMaxPending=1\n", "quiltd.conf': MaxPending=: there is no such key"},
      {"[Manager]\nLogLevel[de]=info\n", "LogLevel[de]=: there is no such key"},
      {"[Manger]\nLogLevel=info\n", "there is no section [Manger], only [Manager]"},
      {"[Manager]\nLogLevel=loud\n", "LogLevel=: 'loud' is not one of"},
      {"[Manager]\nMaxPendingPerUser=0\n", "MaxPendingPerUser=: '0' is not a number from 1"},
      {"[Manager]\nMaxPendingPerUser=-1\n", "'-1' is not a number"},
      {"[Manager]\nMaxPendingPerUser=1x\n", "'1x' is not a number"},
      {"[Manager]\nMaxPendingPerUser=18446744073709551616\n", "is not a number"},
      {"[Manager]\nMaxPendingPerUser=infinity\n", "is not a number"},
      {"[Manager]\nMaxPendingPerUser=\n", "is not a number"},
      {"[Manager]\nDefaultMemoryMax=64Q\n", "DefaultMemoryMax=: "},
      {"[Manager]\nDefaultStopTimeout=soon\n", "DefaultStopTimeout=: "},
      {"[Manager]\nDefaultCPUQuota=-1\n", "DefaultCPUQuota=: "},
      {"[Manager]\nDefaultPidsMax=many\n", "DefaultPidsMax=: "},
      {"[Manager]\nJournalShare=0%\n", "JournalShare=: '0%' is not a share of the journal"},
      {"[Manager]\nJournalShare=101%\n", "is not a share of the journal"},
      {"[Manager]\nJournalShare=0\n", "is not a share of the journal"},
      {"[Manager]\nJournalShare=some\n", "is not a share of the journal"},
      {"[Manager]\nWarmStarts=1025\n", "WarmStarts=: '1025' is not a number from 0 to 1024"},
      {"[Manager]\nWarmStarts=-1\n", "'-1' is not a number from 0 to 1024"},
      {"[Manager]\nJournalInterval=10ms\n", "'10ms' is not a duration from 1s to 30d"},
      {"[Manager]\nJournalInterval=infinity\n", "is not a duration from 1s to 30d"},
      {"[Manager]\nLogLevel\n", "Failed to read '"},
      {"LogLevel=info\n", "Failed to read '"},
      {"\xff\xfe", "Failed to read '"},
  };

  for (const auto &c : cases) {
    Error error;

    write ("etc/quiltd.conf", c.text);
    EXPECT_EQ (load (error.out ()), nullptr) << c.text;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, c.complaint)) << c.text;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "/etc/quiltd.conf'")) << c.text;
  }
}

TEST_F (Config, AWrongDropInIsNamedToo)
{
  Error error;

  write ("etc/quiltd.conf.d/x.conf", "[Manager]\nNope=1\n");
  EXPECT_EQ (load (error.out ()), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "quiltd.conf.d/x.conf': Nope=: "));
}

TEST_F (Config, DefaultsFillWhatTheCallerLeftOut)
{
  g_autoptr (QuiltConfig) config = load ();
  g_autoptr (GVariant) given =
      g_variant_ref_sink (g_variant_new_parsed ("{'memory-max': <uint64 5>, 'name': <'web'>}"));
  g_autoptr (GVariant) whole = nullptr;
  guint64 memory = 0, pids = 0;
  const char *name = nullptr;

  config->defaults.memory_max = 1;
  config->defaults.pids.max = 2;
  whole = g_variant_ref_sink (quilt_defaults_complete (&config->defaults, given));
  EXPECT_TRUE (g_variant_lookup (whole, "memory-max", "t", &memory));
  EXPECT_TRUE (g_variant_lookup (whole, "pids-max", "t", &pids));
  EXPECT_TRUE (g_variant_lookup (whole, "name", "&s", &name));
  EXPECT_EQ (memory, 5u);
  EXPECT_EQ (pids, 2u);
  EXPECT_STREQ (name, "web");
  EXPECT_EQ (g_variant_n_children (whole), 5u);
}

/* A key of the wrong type is not replaced: the caller has to be told. */
TEST_F (Config, DefaultsDoNotHideAWrongType)
{
  g_autoptr (QuiltConfig) config = load ();
  g_autoptr (GVariant) given =
      g_variant_ref_sink (g_variant_new_parsed ("{'memory-max': <'much'>}"));
  g_autoptr (GVariant) whole =
      g_variant_ref_sink (quilt_defaults_complete (&config->defaults, given));
  const char *text = nullptr;

  EXPECT_TRUE (g_variant_lookup (whole, "memory-max", "&s", &text));
  EXPECT_STREQ (text, "much");
}

} // namespace
