/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Properties of a container's scope: names and types as systemd 252 takes them. */
#include "base/check.h"

#include <map>

extern "C" {
#include "spec/options.h"
}

using std::string;
using Properties = std::map<string, string>;

static Properties
read (GVariant *properties)
{
  Properties map;
  GVariantIter iter;
  const char *name;
  GVariant *value;

  EXPECT_TRUE (g_variant_is_floating (properties));
  g_variant_ref_sink (properties);
  EXPECT_STREQ (g_variant_get_type_string (properties), "a(sv)");
  g_variant_iter_init (&iter, properties);
  while (g_variant_iter_next (&iter, "(&sv)", &name, &value)) {
    EXPECT_EQ (map.count (name), 0u) << name;
    map[name] = take (g_variant_print (value, TRUE));
    g_variant_unref (value);
  }
  g_variant_unref (properties);
  return map;
}

static const Properties always = {
    {"Description", "'Quilt container web'"},
    {"Slice", "'quilt.slice'"},
    {"PIDs", "[uint32 4711]"},
    {"Delegate", "true"},
    {"Controller", "'org.quilt'"},
    {"KillMode", "'control-group'"},
    {"TimeoutStopUSec", "uint64 15000000"},
    {"CollectMode", "'inactive-or-failed'"},
    {"MemoryAccounting", "true"},
    {"CPUAccounting", "true"},
    {"TasksAccounting", "true"},
    {"IOAccounting", "true"},
    {"TasksMax", "uint64 18446744073709551615"},
};

class Scope : public testing::Test
{
protected:
  QuiltOptions *options = quilt_options_new ();

  Scope ()
  {
    options->name = g_strdup ("web");
  }

  ~Scope () override
  {
    quilt_options_free (options);
  }

  Properties properties ()
  {
    return read (quilt_options_scope_properties (options, 4711, "org.quilt"));
  }
};

TEST_F (Scope, WithoutLimits)
{
  EXPECT_EQ (properties (), always);
}

TEST_F (Scope, WithLimits)
{
  Properties expected = always;

  options->memory_max = 67108864;
  options->cpu_quota_usec = 1500000;
  options->pids_max = 100;
  options->stop_timeout_usec = 1;
  expected["MemoryMax"] = "uint64 67108864";
  expected["MemorySwapMax"] = "uint64 67108864";
  expected["CPUQuotaPerSecUSec"] = "uint64 1500000";
  expected["TasksMax"] = "uint64 101";
  expected["TimeoutStopUSec"] = "uint64 5000001";
  EXPECT_EQ (properties (), expected);
}

TEST_F (Scope, InfinityStaysInfinity)
{
  options->stop_timeout_usec = QUILT_INFINITY;
  EXPECT_EQ (properties ()["TimeoutStopUSec"], "uint64 18446744073709551615");
  options->stop_timeout_usec = QUILT_INFINITY - 1;
  EXPECT_EQ (properties ()["TimeoutStopUSec"], "uint64 18446744073709551615");
}

TEST_F (Scope, UpdatesSpellOutNoLimit)
{
  const Properties none = {
      {"MemoryMax", "uint64 18446744073709551615"},
      {"MemorySwapMax", "uint64 18446744073709551615"},
      {"CPUQuotaPerSecUSec", "uint64 18446744073709551615"},
      {"TasksMax", "uint64 18446744073709551615"},
  };

  EXPECT_EQ (read (quilt_options_limit_properties (options)), none);
  options->pids_max = 1;
  EXPECT_EQ (read (quilt_options_limit_properties (options))["TasksMax"], "uint64 2");
}
